#include "libs/http_server/exchange.h"

#include <utility>

namespace lmsmail::http_server {

void Exchange::Send(Response response) { Finish(std::move(response)); }

void Exchange::Cut() { Finish(std::nullopt); }

void Exchange::SetRoute(std::string_view pattern) {
  absl::MutexLock lock(&mutex_);
  route_ = pattern;
}

void Exchange::Finish(std::optional<Response> response) {
  absl::MutexLock lock(&mutex_);
  if (left_ || answer_) return;
  answer_ = Answer{std::move(response)};
  // Under the lock, because the connection and its io thread exist at least until Leave().
  if (wake_) wake_();
}

bool Exchange::Await(std::function<void()> wake) {
  absl::MutexLock lock(&mutex_);
  if (answer_) return true;
  wake_ = std::move(wake);
  return false;
}

bool Exchange::answered() const {
  absl::MutexLock lock(&mutex_);
  return answer_.has_value();
}

std::optional<Exchange::Answer> Exchange::Leave() {
  absl::MutexLock lock(&mutex_);
  left_ = true;
  wake_ = nullptr;
  return std::exchange(answer_, std::nullopt);
}

std::string Exchange::route() const {
  absl::MutexLock lock(&mutex_);
  return route_;
}

}  // namespace lmsmail::http_server
