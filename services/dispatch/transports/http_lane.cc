#include "services/dispatch/transports/http_lane.h"

#include <sys/resource.h>

#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

#include "absl/time/clock.h"

#include "libs/smtp/fault.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"
#include "services/dispatch/transports/rate_headers.h"

namespace lmsmail::dispatch {
namespace {

// A longer pause would hold mails beyond their leases. They come back by the provider's refusals.
constexpr absl::Duration kMaxPause = absl::Seconds(20);

void FinishAll(MailGroup group, const DeliveryResult& result) {
  for (PendingMail& it : group) it.done(result);
}

// Mails that wait share their content.
std::shared_ptr<const MailParts> WithoutContent(const MailParts& parts) {
  auto rest = std::make_shared<MailParts>();
  rest->category = parts.category;
  rest->recipient_name = parts.recipient_name;
  rest->subject = parts.subject;
  return rest;
}

DeliveryResult Unsuccessful(DeliveryResult::Kind kind, std::string text) {
  DeliveryResult result;
  result.kind = kind;
  result.reply_text = std::move(text);
  return result;
}

DeliveryResult::Kind KindOf(http_client::Result::Kind kind) {
  switch (kind) {
    case http_client::Result::Kind::kNotSent:
      return DeliveryResult::Kind::kConnectionError;
    case http_client::Result::Kind::kCancelled:
      return DeliveryResult::Kind::kCancelled;
    case http_client::Result::Kind::kAnswered:
    case http_client::Result::Kind::kUnanswered:
      break;
  }
  return DeliveryResult::Kind::kAmbiguous;
}

smtp::Fault FaultOf(http_client::Result::Fault fault) {
  using Fault = http_client::Result::Fault;
  switch (fault) {
    case Fault::kNameNotFound:
      return smtp::Fault::kNameNotFound;
    case Fault::kNotConnected:
      return smtp::Fault::kRefused;
    case Fault::kTimedOut:
      return smtp::Fault::kTimedOut;
    case Fault::kCertificate:
      return smtp::Fault::kCertificate;
    case Fault::kTls:
      return smtp::Fault::kTls;
    case Fault::kOther:
      break;
  }
  return smtp::Fault::kClosed;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpLane>> HttpLane::Create(const ProviderApi& api,
                                                           const Clock& clock, Options options,
                                                           KeySource key,
                                                           LastOctetObserver before_last_octet,
                                                           ConnectionObserver connections) {
  LMSMAIL_ASSIGN_OR_RETURN(auto client, http_client::Client::Create(options.client));
  return std::unique_ptr<HttpLane>(new HttpLane(api, clock, std::move(options), std::move(key),
                                                std::move(before_last_octet),
                                                std::move(connections), std::move(client)));
}

HttpLane::HttpLane(const ProviderApi& api, const Clock& clock, Options options, KeySource key,
                   LastOctetObserver before_last_octet, ConnectionObserver connections,
                   std::unique_ptr<http_client::Client> client)
    : api_(api),
      clock_(clock),
      options_(std::move(options)),
      key_(std::move(key)),
      before_last_octet_(std::move(before_last_octet)),
      connections_(std::move(connections)),
      queue_(api.max_mails(), options_.linger),
      client_(std::move(client)),
      thread_([this] { Run(); }) {}

HttpLane::~HttpLane() { Shutdown(absl::ZeroDuration()); }

bool HttpLane::TrySend(OutgoingMail& mail, Transport::Done& done) {
  SharedContent content = ShareContent(*mail.parts, api_.tag_style());
  absl::MutexLock lock(&mutex_);
  if (stopping_ || max_requests_ == 0 || queue_.size() >= options_.max_queued) return false;
  mail.parts = WithoutContent(*mail.parts);
  queue_.Add(
      {.mail = {.mail = std::move(mail), .content = std::move(content)}, .done = std::move(done)},
      absl::Now());
  changed_.Signal();
  return true;
}

void HttpLane::SetMaxRequests(int count) {
  absl::MutexLock lock(&mutex_);
  max_requests_ = count;
  changed_.Signal();
}

http_client::Result HttpLane::Call(http_client::Request request) {
  std::promise<http_client::Result> result;
  client_->Send(std::move(request),
                [&result](http_client::Result it) { result.set_value(std::move(it)); });
  return result.get_future().get();
}

void HttpLane::Run() {
  setpriority(PRIO_PROCESS, 0, options_.client.thread_nice);
  while (std::optional<MailGroup> group = NextGroup()) Start(*std::move(group));
}

std::optional<MailGroup> HttpLane::NextGroup() {
  absl::MutexLock lock(&mutex_);
  for (;;) {
    if (stopping_) return std::nullopt;
    const absl::Time now = absl::Now();
    absl::Time wake = absl::InfiniteFuture();
    if (requests_ < max_requests_) {
      wake = std::max(queue_.ready_time(), paused_until_);
      if (wake <= now) {
        if (std::optional<MailGroup> group = queue_.Take(now)) {
          ++requests_;
          return group;
        }
        continue;
      }
    }
    changed_.WaitWithDeadline(&mutex_, wake);
  }
}

void HttpLane::Start(MailGroup group) {
  // A mail may have waited long, so that its lease may be over or the circuit breaker be open.
  const auto cancelled = std::ranges::partition(group, [](const PendingMail& it) {
    return !it.mail.mail.may_send || it.mail.mail.may_send();
  });
  FinishAll(MailGroup(std::make_move_iterator(cancelled.begin()),
                      std::make_move_iterator(cancelled.end())),
            Unsuccessful(DeliveryResult::Kind::kCancelled, "the mail may no longer be sent"));
  group.erase(cancelled.begin(), cancelled.end());
  const absl::StatusOr<std::string> key = key_();
  if (group.empty() || !key.ok()) {
    FinishAll(std::move(group), Unsuccessful(DeliveryResult::Kind::kConnectionError,
                                             std::string(ToStd(key.status().message()))));
    absl::MutexLock lock(&mutex_);
    --requests_;
    return;
  }
  std::vector<ProviderMail> mails;
  mails.reserve(group.size());
  for (PendingMail& it : group) mails.push_back(std::move(it.mail));
  http_client::Request request = api_.SendRequest(mails, *key);
  request.timeout = options_.request_timeout;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (before_last_octet_) before_last_octet_(mails[i].mail.token);
    group[i].mail = std::move(mails[i]);
  }
  client_->Send(std::move(request),
                [this, group = std::move(group)](http_client::Result result) mutable {
                  OnResult(std::move(group), std::move(result));
                });
}

void HttpLane::OnResult(MailGroup group, http_client::Result result) {
  {
    absl::MutexLock lock(&mutex_);
    --requests_;
    changed_.Signal();
  }
  if (result.kind == http_client::Result::Kind::kAnswered) {
    if (connections_) connections_(absl::OkStatus());
    PauseIfExhausted(result.response);
    return OnAnswer(std::move(group), result.response);
  }
  if (connections_ && result.kind == http_client::Result::Kind::kNotSent) {
    connections_(WithFault(absl::UnavailableError(result.error), FaultOf(result.fault)));
  }
  FinishAll(std::move(group), Unsuccessful(KindOf(result.kind), std::move(result.error)));
}

void HttpLane::PauseIfExhausted(const http_client::Response& response) {
  const absl::Time now = clock_.Now();
  const std::optional<absl::Time> until = ExhaustedUntil(response, now);
  if (!until) return;
  absl::MutexLock lock(&mutex_);
  paused_until_ = absl::Now() + std::min(*until - now, kMaxPause);
}

void HttpLane::OnAnswer(MailGroup group, const http_client::Response& response) {
  ProviderAnswer answer = api_.Interpret(response, clock_.Now());
  const bool about_one =
      answer.result.refusal && (answer.result.refusal->kind == Refusal::Kind::kRecipient ||
                                answer.result.refusal->kind == Refusal::Kind::kMail);
  if (group.size() == 1 || !about_one) return FinishAll(std::move(group), answer.result);
  // The provider refused all for one of them.
  MailGroup rest;
  if (answer.culprit && *answer.culprit < group.size()) {
    PendingMail culprit = std::move(group[*answer.culprit]);
    group.erase(group.begin() + static_cast<std::ptrdiff_t>(*answer.culprit));
    culprit.done(answer.result);
  } else {
    const auto half = group.begin() + static_cast<std::ptrdiff_t>(group.size() / 2);
    rest.assign(std::make_move_iterator(half), std::make_move_iterator(group.end()));
    group.erase(half, group.end());
  }
  {
    absl::MutexLock lock(&mutex_);
    if (!stopping_) {
      queue_.Return(std::move(group));
      if (!rest.empty()) queue_.Return(std::move(rest));
      changed_.Signal();
      return;
    }
  }
  const DeliveryResult cancelled = Unsuccessful(DeliveryResult::Kind::kCancelled, "shutdown");
  FinishAll(std::move(group), cancelled);
  FinishAll(std::move(rest), cancelled);
}

void HttpLane::Shutdown(absl::Duration grace) {
  MailGroup waiting;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    waiting = queue_.TakeAll();
    changed_.SignalAll();
  }
  FinishAll(std::move(waiting), Unsuccessful(DeliveryResult::Kind::kCancelled, "shutdown"));
  std::call_once(joined_, [this] { thread_.join(); });
  client_->Shutdown(grace);
}

}  // namespace lmsmail::dispatch
