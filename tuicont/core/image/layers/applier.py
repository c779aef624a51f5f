"""Writes the members of a tar archive below a directory descriptor, and never outside of it.

Knows nothing of layers or containers. Parents are opened with openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS),
everything else is done on one name in an open directory without following links; so neither the archive nor
somebody who changes the tree meanwhile can lead a write elsewhere.
"""

from __future__ import annotations

import errno
import os
import stat
import tarfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from tuicont.core.errors import Invalid, kernel_error
from tuicont.core.files.regular import Refused, open_regular
from tuicont.core.files.trees import remove_entry
from tuicont.core.files.writing import write_all
from tuicont.core.image.layers.dress import Dropped, dress, dress_as, dress_entry, strip
from tuicont.core.image.layers.tarstream import Member
from tuicont.core.model.file import LeftOut
from tuicont.core.storage.stacked import merged
from tuicont.core.storage.whiteouts import is_whiteout, make_opaque
from tuicont.core.sys.openat2 import is_mount_point, open_in_root

OPERATION = "unpack the archive"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PARENT = os.O_PATH | os.O_DIRECTORY
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_KEPT_OPEN = 200
_NAME_SHOWN = 200
_NODES = {tarfile.FIFOTYPE: stat.S_IFIFO, tarfile.CHRTYPE: stat.S_IFCHR, tarfile.BLKTYPE: stat.S_IFBLK}


def parts_of(name: str) -> tuple[str, ...]:
    """The components of a member's name, below the root whether it starts with "/" or not; "x/.." is nothing, whatever
    x is. Raises `Invalid` when it leads out."""
    parts: list[str] = []
    for part in name.split("/"):
        if part == ".." and not parts:
            raise Invalid(OPERATION, f"{name!r} leads out of it", hint="the archive was made to harm; do not trust it")
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return tuple(parts)


class Applier:
    """Unpacks below `root_fd`/`directory`; links on the way are resolved with `root_fd` as "/".

    `lower_fds` (top first) are trees whose directories lend their looks to those that the archive does not name.
    `stacked` says that overlayfs will show the tree over those: what hid a directory of theirs must go on hiding what
    is in it. With `merge` a directory is never replaced by something else nor the reverse: that is for archives that
    are copied into a container, where layers may do both. A file that something is mounted on stays, and is written to.
    `left_out` is told the name of what may not be made here, and why; without it that is an error. `dropped` counts the
    attributes that were left out.
    """

    def __init__(
        self,
        root_fd: int,
        *,
        directory: str = "",
        lower_fds: Sequence[int] = (),
        stacked: bool = False,
        merge: bool = False,
        left_out: LeftOut | None = None,
    ) -> None:
        self._root_fd = root_fd
        self._base = directory.strip("/")
        self._lower_fds = lower_fds
        self._stacked = stacked
        self._merge = merge
        self._left_out = left_out
        self._parents: dict[tuple[str, ...], int] = {}
        self._times: dict[tuple[str, ...], int] = {}
        self.dropped = Dropped()

    def __enter__(self) -> Applier:
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()

    def apply(self, member: Member) -> None:
        """Write one member. Raises `Invalid` for what no archive may say, else the kernel's error."""
        info = member.info
        parts = parts_of(info.name)
        with translated(info.name):
            if not parts:
                if info.isdir():
                    self._apply_root(member)
                return
            parent = self.parent(parts[:-1])
            name = parts[-1]
            if info.isdir():
                self._directory(parent, name, parts, member)
            elif info.isreg():
                self._file(parent, name, member)
            elif info.issym():
                self._replace(parent, name)
                os.symlink(info.linkname, name, dir_fd=parent)
                dress_entry(parent, name, member, self.dropped, anew=False)
            elif info.islnk():
                self._hard_link(parent, name, info)
            elif info.type in _NODES:
                self._node(parent, name, member)
            else:
                raise Invalid(OPERATION, f"{info.name!r} is of the unknown type {info.type!r}")

    def finish(self) -> None:
        """Set the directories' times, which their members' coming has changed."""
        for parts, mtime in self._times.items():
            # A later member may have put something else there.
            with translated("/".join(parts)), suppress(FileNotFoundError, NotADirectoryError):
                fd = open_in_root(self._root_fd, self._path(parts), os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.utime(fd, ns=(mtime, mtime))
                finally:
                    os.close(fd)
        self._times.clear()

    def parent(self, parts: tuple[str, ...]) -> int:
        """A descriptor (O_PATH) of the directory `parts`, which is made if it is missing; the applier closes it."""
        fd = self._parents.get(parts)
        if fd is not None:
            return fd
        missing: list[tuple[str, ...]] = []
        while fd is None:
            fd = self._open_parent(parts)
            if fd is None:
                if not parts:
                    raise FileNotFoundError(errno.ENOENT, "the directory to unpack in is gone")
                missing.append(parts)
                parts = parts[:-1]
        for parts in reversed(missing):
            fd = self._keep(parts, self._make_directory(fd, parts))
        return fd

    def find(self, parts: tuple[str, ...]) -> int | None:
        """The same, if it is there."""
        try:
            return self._open_parent(parts)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            return None

    def _open_parent(self, parts: tuple[str, ...]) -> int | None:
        if (fd := self._parents.get(parts)) is not None:
            return fd
        try:
            fd = self._keep(parts, open_in_root(self._root_fd, self._path(parts), _PARENT))
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not self._merge:
            self.keep_age(parts, fd)
        return fd

    def keep_age(self, parts: tuple[str, ...], fd: int) -> None:
        """Let the directory `parts`, which is open, stay as old as it is, unless the archive says otherwise."""
        self._times.setdefault(parts, os.fstat(fd).st_mtime_ns)

    def _keep(self, parts: tuple[str, ...], fd: int) -> int:
        if len(self._parents) >= _KEPT_OPEN:
            self.forget()
        self._parents[parts] = fd
        return fd

    def forget(self) -> None:
        """Close the directories that are kept open: something on their path is no longer what it was."""
        for fd in self._parents.values():
            os.close(fd)
        self._parents.clear()

    def _path(self, parts: tuple[str, ...]) -> str:
        return "/".join((self._base, *parts)) if self._base else "/".join(parts)

    def _make_directory(self, above: int, parts: tuple[str, ...]) -> int:
        name = parts[-1]
        hiding = self._stacked and self._remove_whiteout(above, name)
        # A dangling link makes this fail, with EEXIST: nothing is made at the other end of a link.
        os.mkdir(name, 0o755, dir_fd=above)
        fd = os.open(name, _DIRECTORY, dir_fd=above)
        try:
            if not self._merge:
                strip(fd)
            if hiding:
                make_opaque(fd)
            self._look_as_below(fd, parts)
        finally:
            os.close(fd)
        return os.open(name, _PARENT | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)

    def _remove_whiteout(self, parent: int, name: str) -> bool:
        """What the layer itself has deleted makes way for something below it; whether there was such a deletion."""
        try:
            info = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if found := is_whiteout(info, parent, name):
            os.unlink(name, dir_fd=parent)
        return found

    def _look_as_below(self, fd: int, parts: tuple[str, ...]) -> None:
        below = merged(self._lower_fds, parts) if self._stacked else self._copied(parts)
        with closing(below):
            for lower in below:
                self._times[parts] = dress_as(fd, lower).st_mtime_ns
                return
        os.fchmod(fd, 0o755)

    def _copied(self, parts: tuple[str, ...]) -> Generator[int, None, None]:
        for lower_fd in self._lower_fds:
            try:
                fd = open_in_root(lower_fd, self._path(parts), os.O_RDONLY | os.O_DIRECTORY)
            except OSError:
                continue
            try:
                yield fd
            finally:
                os.close(fd)

    def _apply_root(self, member: Member) -> None:
        fd = open_in_root(self._root_fd, self._base, os.O_RDONLY | os.O_DIRECTORY)
        try:
            dress(fd, member, self.dropped, anew=not self._merge)
        finally:
            os.close(fd)
        self._times[()] = member.mtime_ns

    def _directory(self, parent: int, name: str, parts: tuple[str, ...], member: Member) -> None:
        hiding = False
        try:
            os.mkdir(name, 0o700, dir_fd=parent)
        except FileExistsError:
            if not _is_directory(parent, name):
                if self._merge:
                    raise Invalid(
                        OPERATION, f"{name!r} is a directory in the archive and none in the container"
                    ) from None
                # A deletion, or a file that the layer itself brought.
                hiding = self._stacked
                self._replace(parent, name)
                os.mkdir(name, 0o700, dir_fd=parent)
        fd = os.open(name, _DIRECTORY, dir_fd=parent)
        try:
            if hiding:
                make_opaque(fd)
            dress(fd, member, self.dropped, anew=not self._merge)
        finally:
            os.close(fd)
        self._times[parts] = member.mtime_ns

    def _file(self, parent: int, name: str, member: Member) -> None:
        try:
            fd = os.open(name, _NEW_FILE, 0o600, dir_fd=parent)
        except FileExistsError:
            if self._merge and is_mount_point(parent, name):
                self._write_mounted(parent, name, member)
                return
            self._replace(parent, name)
            fd = os.open(name, _NEW_FILE, 0o600, dir_fd=parent)
        try:
            _fill(fd, member)
            dress(fd, member, self.dropped, anew=not self._merge)
            os.utime(fd, ns=(member.mtime_ns, member.mtime_ns))
        finally:
            os.close(fd)

    @staticmethod
    def _write_mounted(parent: int, name: str, member: Member) -> None:
        """Nothing can take the place of what is mounted: it gets the contents, and stays whose it is."""
        try:
            fd = open_regular(parent, name, os.O_WRONLY | os.O_TRUNC)
        except Refused as error:
            raise Invalid(
                OPERATION, f"{name!r} {error.strerror} that is mounted, and nothing takes its place"
            ) from None
        try:
            _fill(fd, member)
        finally:
            os.close(fd)

    def _hard_link(self, parent: int, name: str, info: tarfile.TarInfo) -> None:
        target = parts_of(info.linkname)
        if not target:
            raise Invalid(OPERATION, f"{info.name!r} is a hard link to nothing")
        try:
            source = open_in_root(self._root_fd, self._path(target[:-1]), _PARENT)
        except FileNotFoundError:
            raise _no_target(info) from None
        try:
            self._replace(parent, name, keep=(source, target[-1]))
            with suppress(FileExistsError):
                os.link(target[-1], name, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            raise _no_target(info) from None
        finally:
            os.close(source)

    def _node(self, parent: int, name: str, member: Member) -> None:
        info = member.info
        self._replace(parent, name)
        try:
            os.mknod(name, _NODES[info.type] | 0o600, os.makedev(info.devmajor, info.devminor), dir_fd=parent)
        except PermissionError:
            if self._left_out is None or info.type == tarfile.FIFOTYPE:  # that everybody may make
                raise
            self._left_out(info.name, "is a device, which nobody may make here")
            return
        dress_entry(parent, name, member, self.dropped, anew=not self._merge)

    def _replace(self, parent: int, name: str, keep: tuple[int, str] | None = None) -> None:
        """Remove what stands in the way of a new entry. `keep` is an entry (directory and name) that is left if it is
        the very same."""
        try:
            info = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return
        if keep and os.path.samestat(info, os.stat(keep[1], dir_fd=keep[0], follow_symlinks=False)):
            return
        if self._merge and stat.S_ISDIR(info.st_mode):
            raise Invalid(OPERATION, f"{name!r} is a directory in the container and none in the archive")
        if self._merge and is_mount_point(parent, name):
            raise Invalid(OPERATION, f"{name!r} is mounted in the container, and nothing takes its place")
        remove_entry(parent, name)
        if stat.S_ISDIR(info.st_mode) or stat.S_ISLNK(info.st_mode):
            # Only the caller's own parent is still good, and it asks anew for the next member.
            self._forget_below(parent)

    def _forget_below(self, parent: int) -> None:
        for parts, fd in list(self._parents.items()):
            if fd != parent:
                os.close(fd)
                del self._parents[parts]


def _fill(fd: int, member: Member) -> None:
    if member.info.sparse is None:
        for chunk in member.data():
            write_all(fd, chunk)
        return
    for offset, chunk in member.extents():
        os.lseek(fd, offset, os.SEEK_SET)
        write_all(fd, chunk)
    os.ftruncate(fd, member.info.size)


def _is_directory(parent: int, name: str) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)


def _no_target(info: tarfile.TarInfo) -> Invalid:
    return Invalid(OPERATION, f"{info.name!r} is a hard link to {info.linkname!r}, which is not in it")


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Errors while the entry `name` is made, in the engine's words."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP, errno.EEXIST):
            reason = f"{name!r} is below something that is no directory"
            raise Invalid(OPERATION, reason, values={"path": error.filename or name}) from error
        raise kernel_error(OPERATION, f"create {name[:_NAME_SHOWN]!r}", error) from error
    except (ValueError, OverflowError) as error:
        # Owners, times and device numbers that no kernel takes; a NUL in a name.
        raise Invalid(OPERATION, f"{name[:_NAME_SHOWN]!r} cannot be made: {error}") from error
