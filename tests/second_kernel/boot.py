"""Boot the second kernel with one command, and bring home its exit code, its output and its files.

Knows nothing of pytest. QEMU emulates the processor, so nothing of the host's virtualisation is needed; it ends by
itself, and `timeout` ends it in any case. It has the priority of any program: time passes inside as it does here, and
who waits there for an answer waits only so long.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.second_kernel import initramfs
from tests.support import find

DISK_BYTES = 4 << 30  # a sparse file
TOOLS = ("qemu-system-x86_64", "busybox", "mkfs.ext4")
CHECKOUT = Path(__file__).resolve().parents[2]

MAIN = """# Runs inside, as process 1 of the second kernel.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=xterm LANG=C.UTF-8
{environment}
cd {directory}
{command} >/run/share/output 2>&1 </dev/null
echo $? >/run/share/exit
sync
exec {busybox} poweroff -f
"""


@dataclass(frozen=True)
class Kernel:
    """A kernel image in /boot and its modules."""

    image: Path
    modules: Path

    @property
    def version(self) -> str:
        return self.modules.name


@dataclass(frozen=True)
class Outcome:
    """`exit_code` is None when the command did not come to its end: the boot failed or took too long."""

    exit_code: int | None
    output: str
    console: str

    def __str__(self) -> str:
        return f"exit code {self.exit_code}\n--- inside ---\n{self.output}\n--- console ---\n{self.console}"


def find_kernel(boot: Path = Path("/boot"), modules: Path = Path("/lib/modules")) -> Kernel | None:
    """The newest installed kernel that has its modules beside it."""
    found = [
        Kernel(image, modules / version)
        for image in boot.glob("vmlinuz-*")
        if (modules / (version := image.name.removeprefix("vmlinuz-")) / "modules.dep").exists()
    ]
    return max(found, key=lambda kernel: kernel.image.stat().st_mtime, default=None)


class SecondKernel:
    """One boot that runs one command. `share` is a directory that it sees, writable, as /run/share."""

    def __init__(self, kernel: Kernel, tools: Sequence[str], share: Path, timeout: int) -> None:
        self._kernel = kernel
        self._qemu, self._busybox, self._mkfs = tools
        self._share = share
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Boot, and return at once."""
        exports = [f"export {name}={shlex.quote(value)}" for name, value in (environment or {}).items()]
        (self._share / "main").write_text(
            MAIN.format(
                environment="\n".join(exports),
                directory=shlex.quote(str(CHECKOUT)),
                command=shlex.join(command),
                busybox=shlex.quote(self._busybox),
            )
        )
        initrd = self._share / "initrd"
        initrd.write_bytes(initramfs.build(Path(self._busybox), self._kernel.modules, CHECKOUT))
        disk = self._share / "disk"
        disk.touch()
        os.truncate(disk, DISK_BYTES)
        subprocess.run([self._mkfs, "-q", "-E", "lazy_itable_init=1,lazy_journal_init=1", disk], check=True)
        with (self._share / "console").open("wb") as console:
            self._process = subprocess.Popen(
                self._command_line(initrd, disk), stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )

    def wait(self) -> Outcome:
        """Block until it has switched itself off."""
        if self._process is None:
            raise RuntimeError("the second kernel was not started")
        self._process.wait()
        code = self._text("exit").strip()
        return Outcome(int(code) if code else None, self._text("output"), self._text("console"))

    def stop(self) -> None:
        """Switch it off now, if it still runs. May be repeated."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def _text(self, name: str) -> str:
        try:
            return (self._share / name).read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def _command_line(self, initrd: Path, disk: Path) -> list[str]:
        share = f"local,id=share,path={self._share},security_model=none"
        root = "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"
        # An emulator that had to wait for a processor fails the kernel's check of its timer, and the boot stops there.
        append = "console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off tsc=reliable no_timer_check"
        return [
            *("setpriv", "--pdeathsig=TERM", "timeout", "--kill-after=5", str(self._timeout)),
            *(self._qemu, "-M", "q35,accel=tcg", "-cpu", "max", "-smp", str(min(os.cpu_count() or 1, 4))),
            *("-m", "2048", "-nodefaults", "-no-user-config", "-nographic", "-no-reboot", "-serial", "stdio"),
            *("-kernel", str(self._kernel.image), "-initrd", str(initrd), "-append", append),
            *("-drive", f"file={disk},if=virtio,format=raw,cache=unsafe"),
            *("-fsdev", root, "-device", "virtio-9p-pci,fsdev=root,mount_tag=hostroot"),
            *("-fsdev", share, "-device", "virtio-9p-pci,fsdev=share,mount_tag=hostshare"),
        ]


def second_kernel(share: Path, *, timeout: int) -> SecondKernel | None:
    """One that is ready to start and is ended after `timeout` seconds, or None when this host lacks one of `TOOLS` or a
    kernel."""
    kernel, tools = find_kernel(), [path for tool in TOOLS if (path := find(tool))]
    return SecondKernel(kernel, tools, share, timeout) if kernel is not None and len(tools) == len(TOOLS) else None
