#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

#include "libs/clock/clock.h"
#include "libs/http_client/client.h"
#include "services/dispatch/transports/provider_api.h"
#include "services/dispatch/transports/provider_queue.h"

namespace lmsmail::dispatch {

// The requests of one transport to its provider: gathers mails, builds the requests on a thread of
// its own, keeps several in flight, and tells each mail what became of it. Thread-safe.
class HttpLane {
 public:
  // Returns the API key for the next request.
  using KeySource = std::function<absl::StatusOr<std::string>()>;
  // As those of SmtpTransport.
  using LastOctetObserver = std::function<void(std::uint64_t token)>;
  using ConnectionObserver = std::function<void(const absl::Status& status)>;

  struct Options {
    std::size_t max_queued = 10'000;
    absl::Duration linger = absl::ZeroDuration();  // for other mails with the same content
    absl::Duration request_timeout = absl::Minutes(1);
    http_client::Options client = {};
  };

  // `api` and `clock` must outlive this. The observers may be empty.
  static absl::StatusOr<std::unique_ptr<HttpLane>> Create(const ProviderApi& api,
                                                          const Clock& clock, Options options,
                                                          KeySource key,
                                                          LastOctetObserver before_last_octet,
                                                          ConnectionObserver connections);
  ~HttpLane();

  // Returns false, and consumes nothing, when the queue is full or no request is allowed.
  bool TrySend(OutgoingMail& mail, Transport::Done& done);
  void SetMaxRequests(int count);
  // Sends a request without mail. Blocks.
  http_client::Result Call(http_client::Request request);
  absl::StatusOr<std::string> ApiKey() const { return key_(); }
  // See Transport::Shutdown.
  void Shutdown(absl::Duration grace);

 private:
  HttpLane(const ProviderApi& api, const Clock& clock, Options options, KeySource key,
           LastOctetObserver before_last_octet, ConnectionObserver connections,
           std::unique_ptr<http_client::Client> client);

  void Run();
  // Waits for a group that may be sent now. nullopt after a shutdown.
  std::optional<MailGroup> NextGroup();
  void Start(MailGroup group);
  void OnResult(MailGroup group, http_client::Result result);
  void OnAnswer(MailGroup group, const http_client::Response& response);
  void PauseIfExhausted(const http_client::Response& response);

  const ProviderApi& api_;
  const Clock& clock_;
  const Options options_;
  const KeySource key_;
  const LastOctetObserver before_last_octet_;
  const ConnectionObserver connections_;
  absl::Mutex mutex_;
  absl::CondVar changed_;
  ProviderQueue queue_ ABSL_GUARDED_BY(mutex_);
  int max_requests_ ABSL_GUARDED_BY(mutex_) = 0;
  int requests_ ABSL_GUARDED_BY(mutex_) = 0;  // in flight
  absl::Time paused_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  const std::unique_ptr<http_client::Client> client_;
  std::once_flag joined_;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace lmsmail::dispatch
