#!/usr/bin/env python3
"""Makes the root file system of the image: the programs and what they need of this Debian.

Copies the programs, the installed packages whose shared libraries they load, and the data packages
in DATA_PACKAGES. No program of any package is copied, so there is no shell and no package manager.
/var/lib/dpkg/status.d tells scanners which packages are there; so does the SBOM in SPDX 2.3.
Every modification time is at most --source-date-epoch, so that the same input gives the same bytes.
"""

import argparse
import os
import pathlib
import shutil
import subprocess

from sbom import spdx_document

DATA_PACKAGES = ["base-files", "ca-certificates", "netbase", "tzdata"]
USER_ID = 65532
MERGED_FOLDERS = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"]
# Programs, what only they and dpkg read, and documentation.
OMITTED_FOLDERS = ("/usr/bin/", "/usr/sbin/", "/usr/lib/x86_64-linux-gnu/glib-2.0/", "/etc/dpkg/",
                   "/etc/update-motd.d/", "/usr/share/bug/", "/usr/share/doc/", "/usr/share/gcc/",
                   "/usr/share/gdb/", "/usr/share/info/", "/usr/share/lintian/", "/usr/share/locale/",
                   "/usr/share/man/")
STATE_FOLDER = "var/lib/lmsmail/dispatch"

FILES = {
    "etc/passwd": f"root:x:0:0:root:/:/sbin/nologin\nlmsmail:x:{USER_ID}:{USER_ID}::/:/sbin/nologin\n",
    "etc/group": f"root:x:0:\nlmsmail:x:{USER_ID}:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
# OpenSSL's default file of authorities is this one; the package that links it brings a program.
LINKS = {"usr/lib/ssl/cert.pem": "/etc/ssl/certs/ca-certificates.crt"}


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def canonical(path):
    """The path with its folder's symbolic links resolved, such as /usr/lib/x for /lib/x."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def files_of(package):
    return {canonical(path) for path in output("dpkg-query", "-L", package).splitlines()
            if path != "/." and os.path.lexists(path)}


def libraries_of(programs):
    """The paths of the shared libraries that the programs load."""
    paths = set()
    for program in programs:
        for line in output("ldd", str(program)).splitlines():
            if "not found" in line:
                raise SystemExit(f"{program}: {line.strip()}")
            path = next((word for word in line.split() if word.startswith("/")), None)
            if path:
                paths.add(canonical(path))
    return paths


def packages_of(libraries):
    """The installed packages that the libraries belong to."""
    packages = set()
    for library in libraries:
        # A package may have installed it by the name that it had before the folders were merged.
        names = [library, library.removeprefix("/usr")]
        found = subprocess.run(["dpkg-query", "-S", *names], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True).stdout
        if not found:
            raise SystemExit(f"{library} belongs to no package")
        packages.update(line.split(": ")[0] for line in found.splitlines())
    return packages


def is_wanted(path):
    return not path.startswith(OMITTED_FOLDERS) and path.lstrip("/") not in MERGED_FOLDERS


def copy(path, root):
    target = root / path.lstrip("/")
    if os.path.isdir(path) and not os.path.islink(path):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target, follow_symlinks=False)


def copy_licences(packages, root):
    """Copies the licences, which must accompany the packages, also where another package has them."""
    for package in packages:
        source = pathlib.Path("/usr/share/doc", package.split(":")[0], "copyright")
        target = root / source.relative_to("/")
        target.parent.mkdir(parents=True)
        shutil.copy2(source, target)


def write_status(packages, root):
    """Writes what dpkg knows of each package to where scanners look in images without dpkg."""
    folder = root / "var/lib/dpkg/status.d"
    folder.mkdir(parents=True)
    for package in packages:
        name = package.split(":")[0]
        (folder / name).write_text(output("dpkg-query", "-s", package))


def clamp_times(root, newest):
    for folder, folders, files in os.walk(root, topdown=False):
        for name in folders + files:
            path = os.path.join(folder, name)
            # A folder's time is that of this build; a file's is the package's.
            is_folder = os.path.isdir(path) and not os.path.islink(path)
            time = newest if is_folder else min(newest, int(os.lstat(path).st_mtime))
            os.utime(path, (time, time), follow_symlinks=False)
    os.utime(root, (newest, newest))


def main():
    parser = argparse.ArgumentParser(description="Makes the root file system of the image.")
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--source-date-epoch", type=int, required=True)
    options = parser.parse_args()
    os.umask(0o022)

    programs = sorted(options.programs.iterdir())
    packages = sorted(packages_of(libraries_of(programs)) | set(DATA_PACKAGES))
    root = options.root
    (root / "usr").mkdir(parents=True)
    for folder in MERGED_FOLDERS:
        if os.path.islink(f"/{folder}"):
            (root / folder).symlink_to(f"usr/{folder}")
            (root / "usr" / folder).mkdir()
    for path in sorted(set().union(*map(files_of, packages))):
        if is_wanted(path):
            copy(path, root)
    for program in programs:
        shutil.copy(program, root / "usr/bin")
        os.chmod(root / "usr/bin" / program.name, 0o755)

    copy("/etc/ssl/certs/ca-certificates.crt", root)
    for name, text in FILES.items():
        (root / name).write_text(text)
    for name, target in LINKS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    (root / "tmp").mkdir()
    os.chmod(root / "tmp", 0o1777)
    (root / STATE_FOLDER).mkdir(parents=True)
    os.chown(root / STATE_FOLDER, USER_ID, USER_ID)
    os.chmod(root / STATE_FOLDER, 0o700)

    copy_licences(packages, root)
    write_status(packages, root)
    document = root / "usr/share/lmsmail/sbom.spdx.json"
    document.parent.mkdir(parents=True)
    document.write_text(spdx_document(root / "var/lib/dpkg/status.d", options.version,
                                      options.commit, options.source_date_epoch))
    # What is written here has the time of now, which is later.
    clamp_times(root, options.source_date_epoch)


if __name__ == "__main__":
    main()
