"""A private PostgreSQL server, configured as in production: every COMMIT reaches the disk."""

import getpass
import os
import pathlib
import pwd
import signal
import subprocess
import threading
import time

from harness.process import Process, apply_nice_value

MIGRATOR = "lmsmail_migrator"
BIN = pathlib.Path(os.environ.get("PG_BIN", "/usr/lib/postgresql/15/bin"))


class Session:
    """A psql process that stays connected."""

    def __init__(self, host, database):
        self._psql = subprocess.Popen(
            [str(BIN / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", str(host),
             "-U", "postgres", "-d", database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def __call__(self, sql):
        """Runs `sql` and returns its rows as text, with fields separated by "|"."""
        self._psql.stdin.write(sql.rstrip().rstrip(";") + ";\n\\echo --end--\n")
        self._psql.stdin.flush()
        rows = []
        for line in self._psql.stdout:
            line = line.rstrip("\n")
            if line == "--end--":
                return rows
            rows.append(line)
        raise RuntimeError(f"psql ended after {sql!r}: {rows}")

    def number(self, sql):
        return float(self(sql)[0] or 0)

    def close(self):
        self._psql.stdin.close()
        self._psql.wait()


class Database:
    def __init__(self, folder, settings, services):
        """`settings` is a postgresql.conf. User postgres must be able to enter `folder`. Creates the
        database "lmsmail", a role that owns its schemas, and one for each of the services."""
        self.folder = folder
        self.roles = {service: f"lmsmail_{service}" for service in services}
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        data = folder / "data"
        prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] if user else []
        subprocess.run([*prefix, BIN / "initdb", "-D", data, "-U", "postgres", "-A", "peer", "-E",
                        "UTF8", "--locale=C.UTF-8", "--no-instructions"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/")
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(pathlib.Path(settings).read_text())
        self._authenticate(user or getpass.getuser())
        self.server = Process([BIN / "postgres", "-D", data, "-c", "listen_addresses=", "-c",
                               f"unix_socket_directories={folder}", "-c",
                               f"hba_file={folder}/pg_hba.conf", "-c",
                               f"ident_file={folder}/pg_ident.conf"], folder / "postgres.log", user)
        self._wait()
        if os.nice(0) != 0:
            threading.Thread(target=self._apply_nice_value, daemon=True).start()
        self.admin = self.session("postgres")
        self._make_wal_files()
        self._create()

    def _authenticate(self, server_user):
        """Lets the user who runs this use all roles."""
        (self.folder / "pg_hba.conf").write_text("local all all peer map=owner\n")
        (self.folder / "pg_ident.conf").write_text("".join(
            f"owner {user} {role}\n" for user in {server_user, getpass.getuser()}
            for role in ("postgres", MIGRATOR, *self.roles.values())))

    def _apply_nice_value(self):
        """Applies the nice value to the backends, each of which creates its own session."""
        while self.server.running():
            for backend in self.server.children():
                apply_nice_value(backend)
            time.sleep(0.2)

    def _wait(self):
        for _ in range(600):
            ready = subprocess.run([BIN / "pg_isready", "-q", "-h", self.folder, "-U", "postgres"],
                                   check=False)
            if ready.returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{self.server.tail()}")

    def _make_wal_files(self):
        """Creates WAL files of min_wal_size in total, as a server has that has been running for a
        while: PostgreSQL recycles the files before a checkpoint."""
        files = self.admin.number("SELECT pg_size_bytes(current_setting('min_wal_size')) / "
                                  "pg_size_bytes(current_setting('wal_segment_size'))")
        for _ in range(int(files)):
            self.admin("SELECT pg_logical_emit_message(false, 'bench', '')")
            self.admin("SELECT pg_switch_wal()")
        self.admin("CHECKPOINT")

    def session(self, database):
        return Session(self.folder, database)

    def _create(self):
        self.admin("CREATE DATABASE lmsmail")
        self.admin("REVOKE TEMPORARY ON DATABASE lmsmail FROM PUBLIC")
        for role in (MIGRATOR, *self.roles.values()):
            self.admin(f"CREATE ROLE {role} LOGIN")
        self.admin(f"GRANT CREATE ON DATABASE lmsmail TO {MIGRATOR}")

    def dsn(self, user):
        return f"host={self.folder} dbname=lmsmail user={user}"

    def stop(self):
        self.admin.close()
        self.server.stop(signal.SIGINT)
