#include "libs/identity/caller_directory.h"

#include <utility>

#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::identity {

absl::StatusOr<std::unique_ptr<CallerDirectory>> CallerDirectory::Open(std::string path,
                                                                       const Clock& clock) {
  std::unique_ptr<CallerDirectory> directory(new CallerDirectory(std::move(path), clock));
  LMSMAIL_ASSIGN_OR_RETURN(Callers callers, Callers::Read(directory->path_));
  absl::MutexLock lock(&directory->mutex_);
  directory->callers_ = std::make_shared<const Callers>(std::move(callers));
  return directory;
}

absl::StatusOr<Caller> CallerDirectory::Find(const Credentials& credentials) {
  const absl::Time now = clock_.Now();
  return Current(now)->Find(credentials, now);
}

std::shared_ptr<const Callers> CallerDirectory::Current(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (watch_.Changed(now)) Read();
  return callers_;
}

void CallerDirectory::Read() {
  absl::StatusOr<Callers> callers = Callers::Read(path_);
  if (!callers.ok()) {
    telemetry::LogError("the callers file is wrong: the callers before its change stay",
                        {{"path", path_}, {"error", callers.status()}});
    return;
  }
  telemetry::LogInfo("the callers file was read again",
                     {{"path", path_}, {"callers", callers->size()}});
  callers_ = std::make_shared<const Callers>(*std::move(callers));
}

}  // namespace lmsmail::identity
