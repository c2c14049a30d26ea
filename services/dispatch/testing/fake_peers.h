#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/address/email_address.h"
#include "libs/render/template.h"
#include "services/dispatch/message/recipient_check.h"
#include "services/dispatch/rendering/template_source.h"
#include "services/dispatch/transports/transport.h"

// Fakes of the services and servers that dispatch calls. Tests set their results. Thread-safe where
// the threads of a worker and of the test meet.
namespace lmsmail::dispatch {

class FakeRecipientCheck final : public RecipientCheck {
 public:
  // Targets without a verdict are allowed, and have an address made of their name.
  void Set(const std::string& target, Verdict verdict) {
    absl::MutexLock lock(&mutex_);
    verdicts_[target] = std::move(verdict);
  }
  void SetStatus(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
  }
  // Makes all calls that contain `target` fail with INVALID_ARGUMENT.
  void Refuse(std::string target) {
    absl::MutexLock lock(&mutex_);
    refused_ = std::move(target);
  }
  // Runs during each call.
  void OnCheck(std::function<void()> action) {
    absl::MutexLock lock(&mutex_);
    on_check_ = std::move(action);
  }
  int calls() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

  absl::StatusOr<std::vector<Verdict>> Check(absl::Span<const RecipientQuery> queries,
                                             absl::Time) override {
    absl::MutexLock lock(&mutex_);
    ++calls_;
    if (on_check_) on_check_();
    if (!status_.ok()) return status_;
    std::vector<Verdict> verdicts;
    for (const RecipientQuery& query : queries) {
      if (query.target.value == refused_) return absl::InvalidArgumentError("no recipient's name");
      const auto it = verdicts_.find(query.target.value);
      verdicts.push_back(it != verdicts_.end() ? it->second : Allowed(query.target));
    }
    return verdicts;
  }

  static Verdict Allowed(const Target& target) {
    Verdict verdict;
    if (target.kind == Target::Kind::kAddress) {
      verdict.recipient.address = *address::ParseEmailAddress(target.value);
      return verdict;
    }
    const std::string id = target.value.substr(target.value.rfind('/') + 1);
    verdict.recipient = {.address = *address::ParseEmailAddress(id + "@students.example"),
                         .display_name = "Ada Lovelace",
                         .given_name = "Ada",
                         .language_code = "en",
                         .time_zone = "UTC",
                         .unsubscribe_url = "https://mail.example/u/" + id,
                         .preferences_url = "https://mail.example/p/" + id};
    return verdict;
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, Verdict> verdicts_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::string refused_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_check_ ABSL_GUARDED_BY(mutex_);
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

class FakeSuppressionList final : public SuppressionList {
 public:
  absl::Status Add(std::string_view email_address, SuppressionCause cause,
                   std::string_view) override {
    absl::MutexLock lock(&mutex_);
    added_[std::string(email_address)] = cause;
    return absl::OkStatus();
  }
  // Waits until `address` is on the list.
  bool WaitFor(const std::string& address) {
    const auto there = [&] { return added_.contains(address); };
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(10));
  }
  std::map<std::string, SuppressionCause> added() const {
    absl::MutexLock lock(&mutex_);
    return added_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, SuppressionCause> added_ ABSL_GUARDED_BY(mutex_);
};

class FakeTracking final : public TrackingCheck {
 public:
  // Everybody allows it who did not refuse.
  void Refuse(const std::string& recipient) {
    absl::MutexLock lock(&mutex_);
    refused_.insert(recipient);
  }
  void SetStatus(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
  }
  absl::StatusOr<std::vector<bool>> TrackingAllowed(absl::Span<const std::string> recipients,
                                                    absl::Time) override {
    absl::MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    std::vector<bool> allowed;
    for (const std::string& each : recipients) allowed.push_back(!refused_.contains(each));
    return allowed;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> refused_ ABSL_GUARDED_BY(mutex_);
};

class FakeConsent final : public ConsentWithdrawal {
 public:
  absl::Status Withdraw(std::string_view recipient, Category, absl::Time) override {
    absl::MutexLock lock(&mutex_);
    if (status_.ok()) withdrawn_.emplace_back(recipient);
    return status_;
  }
  void SetStatus(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
  }
  std::vector<std::string> withdrawn() const {
    absl::MutexLock lock(&mutex_);
    return withdrawn_;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> withdrawn_ ABSL_GUARDED_BY(mutex_);
};

class FakeTemplateSource final : public TemplateSource {
 public:
  FakeTemplateSource() {
    Publish({"enrollment", 1, Category::kEnrollment},
            "Welcome{{#user.first_name}}, "
            "{{user.first_name}}{{/user.first_name}}",
            "Hello {{user.first_name}}, welcome to {{course}} at {{site_name}}.");
    Publish({"weekly_progress", 1, Category::kProgress}, "Your week",
            "You learnt {{minutes}} minutes. Leave: {{unsubscribe_url}}",
            {{.name = "minutes", .type = render::VariableType::kNumber, .required = true}});
  }

  void Publish(const TemplateRef& ref, const std::string& subject, const std::string& text,
               std::vector<render::Variable> more = {}) {
    std::vector<render::Variable> variables = {
        {.name = "user.first_name"},
        {.name = "course"},
        {.name = "site_name"},
        {.name = "unsubscribe_url", .type = render::VariableType::kUrl}};
    variables.insert(variables.end(), more.begin(), more.end());
    auto compiled = render::Template::Compile(
        {.subject = subject, .html = "<p>" + text + "</p>", .text = text}, variables);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    auto version = std::make_shared<CompiledVersion>();
    version->ref = ref;
    version->languages.push_back({"en", *std::move(compiled)});
    absl::MutexLock lock(&mutex_);
    published_[ref.key] = ref;
    versions_[{ref.key, ref.version}] = std::move(version);
  }
  void SetStatus(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
  }

  // Fails Get only: which version is published is known, but its content is not.
  void SetContentStatus(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    content_status_ = std::move(status);
  }

  absl::StatusOr<TemplateRef> Resolve(std::string_view key, std::optional<int> version,
                                      absl::Time) override {
    absl::MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    const auto it = published_.find(std::string(key));
    if (it == published_.end()) return absl::NotFoundError("no such template");
    TemplateRef ref = it->second;
    if (version) ref.version = *version;
    return ref;
  }
  absl::StatusOr<std::shared_ptr<const CompiledVersion>> Get(std::string_view key, int version,
                                                             absl::Time) override {
    absl::MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    if (!content_status_.ok()) return content_status_;
    const auto it = versions_.find({std::string(key), version});
    if (it == versions_.end()) return absl::NotFoundError("no such version");
    return it->second;
  }

 private:
  absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  absl::Status content_status_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, TemplateRef> published_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, int>, std::shared_ptr<const CompiledVersion>> versions_
      ABSL_GUARDED_BY(mutex_);
};

// Replies to each mail at once, or keeps it until the test replies.
class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(int shared_connections = 0, std::string name = "fake")
      : info_{std::move(name), "fake", "nowhere"}, shared_connections_(shared_connections) {
    sender_.from = {"The School", *address::ParseEmailAddress("noreply@school.example")};
    sender_.envelope_from = "bounces@school.example";
  }

  void SetResult(DeliveryResult result) {
    absl::MutexLock lock(&mutex_);
    result_ = std::move(result);
  }
  // From now on mails get no reply until FinishPending() or Shutdown().
  void Stall() {
    absl::MutexLock lock(&mutex_);
    stalled_ = true;
  }
  void FinishPending(const DeliveryResult& result) {
    std::vector<Done> pending;
    {
      absl::MutexLock lock(&mutex_);
      pending.swap(pending_);
    }
    for (Done& done : pending) done(result);
  }
  // Replies to the mail that has waited longest.
  void FinishFirst(const DeliveryResult& result) {
    Done done;
    {
      absl::MutexLock lock(&mutex_);
      done = std::move(pending_.front());
      pending_.erase(pending_.begin());
    }
    done(result);
  }
  bool WaitForMails(std::size_t count) {
    const auto there = [&] { return mails_.size() >= count; };
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(10));
  }
  std::vector<OutgoingMail> mails() const {
    absl::MutexLock lock(&mutex_);
    return mails_;
  }

  const TransportInfo& info() const override { return info_; }
  int shared_connections() const override { return shared_connections_; }
  void SetConnections(int count) override { connections_ = count; }
  int connections() const { return connections_; }
  const SenderIdentity& sender() const override { return sender_; }
  // Set it before mail is sent.
  void SetFrom(std::string_view address) {
    sender_.from.address = *address::ParseEmailAddress(address);
  }
  // Set it before mail is sent.
  void SetProviderBuilds() { sender_.provider_builds = true; }
  TransportHealth health() const override {
    absl::MutexLock lock(&mutex_);
    return health_;
  }
  void SetHealth(TransportHealth health) {
    absl::MutexLock lock(&mutex_);
    health_ = std::move(health);
  }
  int in_flight() const override {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(pending_.size());
  }
  void Send(OutgoingMail mail, Done done) override {
    DeliveryResult result;
    {
      absl::MutexLock lock(&mutex_);
      mails_.push_back(std::move(mail));
      if (stalled_) {
        pending_.push_back(std::move(done));
        return;
      }
      result = result_;
    }
    done(std::move(result));
  }
  absl::StatusOr<std::string> Test(absl::Duration timeout) override {
    std::function<absl::StatusOr<std::string>(absl::Duration)> on_test;
    {
      absl::MutexLock lock(&mutex_);
      on_test = on_test_;
    }
    return on_test ? on_test(timeout) : absl::StatusOr<std::string>("fine");
  }
  // What a test of the transport does; null: it succeeds at once.
  void OnTest(std::function<absl::StatusOr<std::string>(absl::Duration timeout)> on_test) {
    absl::MutexLock lock(&mutex_);
    on_test_ = std::move(on_test);
  }
  void Shutdown(absl::Duration) override {
    DeliveryResult cancelled;
    cancelled.kind = DeliveryResult::Kind::kCancelled;
    FinishPending(cancelled);
  }

 private:
  const TransportInfo info_;
  const int shared_connections_;
  std::atomic<int> connections_ = 0;
  SenderIdentity sender_;
  mutable absl::Mutex mutex_;
  DeliveryResult result_ ABSL_GUARDED_BY(mutex_) = {.kind = DeliveryResult::Kind::kAccepted,
                                                    .reply_code = 250,
                                                    .enhanced_code = "2.0.0",
                                                    .reply_text = "2.0.0 queued"};
  bool stalled_ ABSL_GUARDED_BY(mutex_) = false;
  std::function<absl::StatusOr<std::string>(absl::Duration)> on_test_ ABSL_GUARDED_BY(mutex_);
  TransportHealth health_ ABSL_GUARDED_BY(mutex_);
  std::vector<Done> pending_ ABSL_GUARDED_BY(mutex_);
  std::vector<OutgoingMail> mails_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
