#include "libs/personal_data/erasure_worker.h"

#include "libs/status/status_macros.h"

namespace lmsmail::personal_data {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(5);
constexpr absl::Duration kTimeout = absl::Seconds(30);

}  // namespace

absl::Duration ErasureWorker::RunOnce() {
  const absl::StatusOr<bool> more = Work();
  if (!more.ok()) {
    log_.Log(telemetry::Level::kWarning, "people could not be erased: it is tried again",
             {{"error", more.status()}});
  }
  return more.value_or(false) ? absl::ZeroDuration() : kInterval;
}

absl::StatusOr<bool> ErasureWorker::Work() {
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Person> people,
                           erasures_.Pending(clock_.Now() + kTimeout));
  bool any_done = false;
  absl::Status first_error;
  for (const Person& person : people) {
    // One person whose erasure fails does not keep the others waiting.
    const absl::StatusOr<bool> done = data_.Erase(person, clock_.Now() + kTimeout);
    first_error.Update(done.status());
    if (!done.value_or(false)) continue;
    LMSMAIL_RETURN_IF_ERROR(erasures_.Acknowledge(person.erasure, clock_.Now() + kTimeout));
    telemetry::LogInfo("a person was erased here", {{"erasure", person.erasure}});
    any_done = true;
  }
  LMSMAIL_RETURN_IF_ERROR(first_error);
  return any_done;
}

}  // namespace lmsmail::personal_data
