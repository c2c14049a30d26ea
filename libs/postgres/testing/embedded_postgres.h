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

// A private PostgreSQL server in a temporary directory, which listens on a Unix socket only. It
// does not sync to disk, but committed data survives KillHard(). The server and its directory are
// removed with this object, and also when the test program crashes or is killed. Any number of
// servers can run at the same time. Thread-safe.
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
  // The same with `schema` brought up to `definition`. The first call migrates; later ones copy.
  absl::StatusOr<std::string> NewDatabase(std::string_view schema,
                                          const SchemaDefinition& definition);

  // For tests of outages. Stop() closes all connections and waits for the end. KillHard() sends
  // SIGKILL to all processes of the server. After either, Start() brings back all committed data.
  absl::Status Stop();
  absl::Status Start();
  absl::Status Restart();
  absl::Status KillHard();
  // Closes every client connection, as a failover does. The server stays up.
  absl::Status TerminateBackends() const;

  std::string Dsn(std::string_view database) const;

 private:
  explicit EmbeddedPostgres(std::filesystem::path directory);

  absl::Status Launch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status End(int signal) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::string> CopyDatabase(std::string_view from);

  const std::filesystem::path directory_;  // data/, the socket, log
  int guardian_ = -1;  // a pipe; the guardian sees it close when this process ends

  absl::Mutex mutex_;
  pid_t postmaster_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: not running
  int databases_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Mutex template_mutex_;
  std::set<std::string, std::less<>> templates_ ABSL_GUARDED_BY(template_mutex_);
};

}  // namespace lmsmail::postgres
