/* One packet and the descriptor that comes with it (unix(7), SCM_RIGHTS). */
#include "shim.h"

#include <string.h>
#include <sys/socket.h>

ssize_t send_packet(int socket, const void *data, size_t length, int fd, int flags) {
    char control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec one = {(void *)data, length};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    return sendmsg(socket, &message, flags | MSG_NOSIGNAL);
}

ssize_t receive_packet(int socket, void *data, size_t room, int *fd, int flags) {
    char control[CMSG_SPACE(sizeof *fd)];
    struct iovec one = {data, room};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = CMSG_LEN(sizeof *fd)}; /* with the padding two would fit */
    struct cmsghdr *head;
    ssize_t length = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    *fd = -1;
    if (length >= 0 && (head = CMSG_FIRSTHDR(&message)) && head->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(head), sizeof *fd);
    return length;
}
