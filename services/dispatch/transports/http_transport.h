#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "services/dispatch/transports/http_lane.h"

namespace lmsmail::dispatch {

// Delivers mail through the HTTP API of a provider. A quarter of the requests, and at least one, is
// reserved for urgent mail, which never waits for other mails to share a request with.
//
// A request whose response was lost is ambiguous for each of its mails: the providers have no
// idempotency key.
class HttpTransport final : public Transport {
 public:
  struct Options {
    int max_requests = 8;  // in flight, at least 2
    int shared_requests = 0;
    HttpLane::Options lane = {};  // of ordinary mail
  };

  // The observers may be empty.
  static absl::StatusOr<std::unique_ptr<HttpTransport>> Create(
      std::string name, SenderIdentity sender, std::unique_ptr<ProviderApi> api, const Clock& clock,
      const Options& options, HttpLane::KeySource key,
      HttpLane::LastOctetObserver before_last_octet, HttpLane::ConnectionObserver connections);

  const TransportInfo& info() const override { return info_; }
  const SenderIdentity& sender() const override { return sender_; }
  bool needs_parts() const override { return true; }
  int shared_connections() const override { return shared_requests_; }
  void SetConnections(int count) override;
  void Send(OutgoingMail mail, Done done) override;
  absl::StatusOr<std::string> Test(absl::Duration timeout) override;
  void Shutdown(absl::Duration grace) override;

 private:
  HttpTransport(TransportInfo info, SenderIdentity sender, std::unique_ptr<ProviderApi> api,
                const Options& options);

  const TransportInfo info_;
  const SenderIdentity sender_;
  const std::unique_ptr<ProviderApi> api_;
  const int max_requests_;  // of this replica
  const int shared_requests_;
  std::atomic<int> requests_ = 0;  // allowed now
  std::unique_ptr<HttpLane> urgent_;
  std::unique_ptr<HttpLane> ordinary_;
};

}  // namespace lmsmail::dispatch
