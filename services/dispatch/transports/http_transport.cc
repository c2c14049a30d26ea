#include "services/dispatch/transports/http_transport.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "services/dispatch/transports/thread_priority.h"

namespace lmsmail::dispatch {

absl::StatusOr<std::unique_ptr<HttpTransport>> HttpTransport::Create(
    std::string name, SenderIdentity sender, std::unique_ptr<ProviderApi> api, const Clock& clock,
    const Options& options, HttpLane::KeySource key, HttpLane::LastOctetObserver before_last_octet,
    HttpLane::ConnectionObserver connections) {
  sender.provider_builds = api->builds_message();
  TransportInfo info{std::move(name), std::string(api->kind()), std::string(api->base_url())};
  std::unique_ptr<HttpTransport> transport(
      new HttpTransport(std::move(info), std::move(sender), std::move(api), options));
  HttpLane::Options lane = options.lane;
  lane.linger = absl::ZeroDuration();
  LMSMAIL_ASSIGN_OR_RETURN(transport->urgent_, HttpLane::Create(*transport->api_, clock, lane, key,
                                                                before_last_octet, connections));
  lane.linger = options.lane.linger;
  lane.client.thread_nice = kOrdinaryThreadNice;
  LMSMAIL_ASSIGN_OR_RETURN(transport->ordinary_,
                           HttpLane::Create(*transport->api_, clock, lane, std::move(key),
                                            std::move(before_last_octet), std::move(connections)));
  if (options.shared_requests == 0) transport->SetConnections(options.max_requests);
  return transport;
}

HttpTransport::HttpTransport(TransportInfo info, SenderIdentity sender,
                             std::unique_ptr<ProviderApi> api, const Options& options)
    : info_(std::move(info)),
      sender_(std::move(sender)),
      api_(std::move(api)),
      max_requests_(options.max_requests),
      shared_requests_(options.shared_requests) {}

void HttpTransport::SetConnections(int count) {
  const int allowed = std::min(count, max_requests_);
  const int urgent = std::min(allowed, std::max(1, allowed / 4));
  requests_ = allowed;
  urgent_->SetMaxRequests(urgent);
  ordinary_->SetMaxRequests(allowed - urgent);
}

void HttpTransport::Send(OutgoingMail mail, Done done) {
  const int requests = requests_;
  HttpLane& lane = mail.urgent || requests == 1 ? *urgent_ : *ordinary_;
  if (lane.TrySend(mail, done)) return;
  DeliveryResult busy;
  busy.kind = DeliveryResult::Kind::kBusy;
  busy.reply_text = requests > 0 ? "the queue of this transport is full"
                                 : "other replicas use all shared connections to this provider";
  done(std::move(busy));
}

absl::StatusOr<std::string> HttpTransport::Test(absl::Duration timeout) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string key, urgent_->ApiKey());
  http_client::Request request = api_->TestRequest(key);
  request.timeout = timeout;
  const http_client::Result result = urgent_->Call(std::move(request));
  if (result.kind == http_client::Result::Kind::kAnswered) {
    return api_->InterpretTest(result.response);
  }
  return absl::UnavailableError(result.error);
}

void HttpTransport::Shutdown(absl::Duration grace) {
  const absl::Time end = absl::Now() + grace;
  urgent_->Shutdown(grace);
  ordinary_->Shutdown(std::max(end - absl::Now(), absl::ZeroDuration()));
}

}  // namespace lmsmail::dispatch
