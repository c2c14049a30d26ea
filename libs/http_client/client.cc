#include "libs/http_client/client.h"

#include <curl/curl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

#include "libs/http_client/transfer.h"
#include "libs/strings/view.h"

namespace lmsmail::http_client {
namespace {

struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

constexpr absl::Duration kMaxWait = absl::Seconds(1);

}  // namespace

std::optional<std::string_view> Response::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(ToAbsl(key), ToAbsl(name))) return value;
  }
  return std::nullopt;
}

// The thread that drives libcurl.
class Client::Loop {
 public:
  Loop(CURLM* multi, const Options& options) : options_(options), multi_(multi) {
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      static_cast<long>(options.max_connections));
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    thread_ = std::thread([this] { Run(); });
  }

  void Add(Request request, Done done) {
    {
      absl::MutexLock lock(&mutex_);
      if (!stopping_) {
        waiting_.push_back({std::move(request), std::move(done)});
        curl_multi_wakeup(multi_.get());
        return;
      }
    }
    done({.kind = Result::Kind::kCancelled, .error = "cancelled by a shutdown"});
  }

  void Stop(absl::Duration grace) {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
      end_ = std::min(end_, absl::Now() + grace);
    }
    curl_multi_wakeup(multi_.get());
    std::call_once(joined_, [this] { thread_.join(); });
  }

 private:
  struct Waiting {
    Request request;
    Done done;
  };

  void Run() {
    if (options_.thread_nice != 0) setpriority(PRIO_PROCESS, 0, options_.thread_nice);
    for (;;) {
      StartWaiting();
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      FinishDone();
      if (HasEnded()) break;
      curl_multi_poll(multi_.get(), nullptr, 0, WaitMilliseconds(), nullptr);
    }
    for (auto& [easy, transfer] : transfers_) {
      curl_multi_remove_handle(multi_.get(), easy);
      transfer->Cancel();
    }
    transfers_.clear();
  }

  // Until the end of the grace at most. libcurl shortens it for its own timeouts.
  int WaitMilliseconds() {
    absl::MutexLock lock(&mutex_);
    const absl::Duration left = std::min(end_ - absl::Now(), kMaxWait);
    return static_cast<int>(std::max(absl::ToInt64Milliseconds(left), std::int64_t{0}));
  }

  bool HasEnded() {
    absl::MutexLock lock(&mutex_);
    return stopping_ && waiting_.empty() && (transfers_.empty() || absl::Now() >= end_);
  }

  void StartWaiting() {
    std::deque<Waiting> waiting;
    {
      absl::MutexLock lock(&mutex_);
      waiting.swap(waiting_);
    }
    for (Waiting& it : waiting) {
      auto transfer =
          std::make_unique<Transfer>(std::move(it.request), std::move(it.done), options_);
      CURL* const easy = transfer->easy();
      if (easy == nullptr || curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) {
        transfer->Finish(CURLE_FAILED_INIT);
        continue;
      }
      transfers_.emplace(easy, std::move(transfer));
    }
  }

  void FinishDone() {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const easy = message->easy_handle;
      const CURLcode code = message->data.result;
      const std::unique_ptr<Transfer> transfer = std::move(transfers_.extract(easy).mapped());
      curl_multi_remove_handle(multi_.get(), easy);
      transfer->Finish(code);
    }
  }

  const Options options_;
  const std::unique_ptr<CURLM, FreeMulti> multi_;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers_;  // of the thread
  absl::Mutex mutex_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time end_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  std::once_flag joined_;
  std::thread thread_;  // last: it uses the rest
};

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const Options& options) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* const multi = initialized == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) return absl::InternalError("libcurl cannot be initialized");
  return std::unique_ptr<Client>(new Client(std::make_unique<Loop>(multi, options)));
}

Client::Client(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}

Client::~Client() { Shutdown(absl::ZeroDuration()); }

void Client::Send(Request request, Done done) { loop_->Add(std::move(request), std::move(done)); }

void Client::Shutdown(absl::Duration grace) { loop_->Stop(grace); }

}  // namespace lmsmail::http_client
