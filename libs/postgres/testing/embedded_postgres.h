#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "libs/postgres/migration.h"

namespace lmsmail::postgres {

// A private PostgreSQL server in a temporary directory, which listens on a Unix socket only. The
// user who runs the test is its superuser; other roles have a password (SCRAM). It does not sync to
// disk, but committed data survives KillHard(). The server and its directory are removed with this
// object, and also when the test program crashes or is killed. Any number of servers can run at the
// same time. Thread-safe.
class EmbeddedPostgres {
 public:
  // The server of the test program. Starts at the first call and stops when the program exits.
  // Throws std::runtime_error when it does not start, which fails the calling test.
  static EmbeddedPostgres& Shared();

  static absl::StatusOr<std::unique_ptr<EmbeddedPostgres>> Create();
  ~EmbeddedPostgres();
  EmbeddedPostgres(const EmbeddedPostgres&) = delete;
  EmbeddedPostgres& operator=(const EmbeddedPostgres&) = delete;

  // The DSN (as superuser) of a new, empty database.
  absl::StatusOr<std::string> NewDatabase();

  struct Migrated {
    std::string owner_dsn;  // of the role "lmsmail_migrator", which owns the schema
    std::string dsn;        // of the service's role, "lmsmail_<schema>"
  };
  // A new database with `schema` brought up to `definition`. The first call migrates; later ones
  // copy.
  absl::StatusOr<Migrated> NewDatabase(std::string_view schema, const SchemaDefinition& definition);

  // Creates a role that can log in, unless there is one of that name.
  absl::Status CreateRole(std::string_view role);

  // For tests of outages. Stop() closes all connections and waits for the end. KillHard() sends
  // SIGKILL to all processes of the server. After either, Start() brings back all committed data.
  absl::Status Stop();
  absl::Status Start();
  absl::Status Restart();
  absl::Status KillHard();
  // Closes every client connection, as a failover does. The server stays up.
  absl::Status TerminateBackends() const;

  // For tests of point-in-time recovery. StartArchiving() restarts the server, which archives its
  // WAL from then on. BaseBackup() keeps one backup. RestoreTo() replaces the server's data by that
  // backup and what had been committed until `time`, as PostgreSQL writes it; something must have
  // been committed since. The server then is on a new timeline.
  absl::Status StartArchiving();
  absl::Status BaseBackup() const;
  absl::Status RestoreTo(std::string_view time);

  // The DSN of the superuser, and of a role of CreateRole().
  std::string Dsn(std::string_view database) const;
  std::string Dsn(std::string_view database, std::string_view role) const;
  std::string DsnWithoutRole(std::string_view database) const;

 private:
  explicit EmbeddedPostgres(std::filesystem::path directory);

  absl::Status WriteAuthentication() const;
  absl::Status Launch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status End(int signal) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status MakeTemplate(std::string_view database, std::string_view schema,
                            const std::string& service_role, const SchemaDefinition& definition);
  // Returns the name of the copy.
  absl::StatusOr<std::string> CopyDatabase(std::string_view from);

  std::filesystem::path Archive() const { return directory_ / "archive"; }
  std::filesystem::path Log() const { return directory_ / "log"; }

  const std::filesystem::path directory_;  // data/, the socket, pgpass, log
  const std::string password_;             // of all roles; pgpass has it
  int guardian_ = -1;  // a pipe; the guardian sees it close when this process ends

  absl::Mutex mutex_;
  pid_t postmaster_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: not running
  bool archiving_ ABSL_GUARDED_BY(mutex_) = false;
  int databases_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Mutex template_mutex_;
  std::set<std::string, std::less<>> templates_ ABSL_GUARDED_BY(template_mutex_);
};

}  // namespace lmsmail::postgres
