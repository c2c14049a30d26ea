#include "tests/fakes/statistics.h"

#include <string>

#include "absl/hash/hash.h"

#include "tests/tool/cpu_time.h"

namespace lmsmail::fakes {

void Statistics::CountRequest(int status) {
  absl::MutexLock lock(&mutex_);
  ++requests_;
  ++by_status_[status];
}

void Statistics::CountMails(const std::vector<Mail>& mails, bool answered) {
  const auto count = static_cast<std::int64_t>(mails.size());
  absl::MutexLock lock(&mutex_);
  mails_ += count;
  if (!answered) unanswered_ += count;
  for (const Mail& mail : mails) {
    if (mail.id.empty()) {
      ++without_id_;
    } else if (!seen_.insert(absl::HashOf(mail.id, mail.recipient)).second) {
      ++duplicates_;
    }
  }
}

nlohmann::json Statistics::ToJson() const {
  absl::MutexLock lock(&mutex_);
  nlohmann::json by_status = nlohmann::json::object();
  for (const auto& [status, count] : by_status_) {
    by_status[status == 0 ? "cut" : std::to_string(status)] = count;
  }
  return {{"requests", requests_},      {"by_status", by_status},    {"mails", mails_},
          {"unanswered", unanswered_},  {"duplicates", duplicates_}, {"without_id", without_id_},
          {"cpu_us", CpuMicroseconds()}};
}

}  // namespace lmsmail::fakes
