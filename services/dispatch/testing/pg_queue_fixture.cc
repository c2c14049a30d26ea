#include "services/dispatch/testing/pg_queue_fixture.h"

#include <algorithm>

#include "libs/identity/owned_key.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::dispatch {

Submission PgQueueFixture::Send(const std::string& request_id, Lane lane) {
  Submission submission;
  submission.request_id = identity::MakeOwnedKey("lms", request_id);
  submission.digest = static_cast<std::int64_t>(std::hash<std::string>()(request_id));
  submission.template_ref = {"enrollment", 3, Category::kEnrollment};
  submission.lane = lane;
  submission.due_time = Now();
  submission.expire_time = Now() + absl::Hours(72);
  submission.items.push_back(
      {{Target::Kind::kRecipient, "recipients/" + request_id}, "context of " + request_id, ""});
  return submission;
}

Submission PgQueueFixture::Batch(const std::string& request_id, int count, int chunk) {
  Submission submission = Send(request_id, Lane::kBulk);
  submission.batch = true;
  submission.chunk = chunk;
  submission.template_ref = {"weekly_progress", 1, Category::kProgress};
  submission.items.clear();
  for (int i = 0; i < count; ++i) {
    submission.items.push_back(
        {{Target::Kind::kRecipient, "recipients/" + request_id + "-" + std::to_string(i)},
         "context " + std::to_string(i),
         ""});
  }
  return submission;
}

Accepted PgQueueFixture::AcceptOne(const Submission& submission) {
  auto accepted = queue().Accept({submission}, absl::InfiniteFuture());
  EXPECT_OK(accepted);
  if (!accepted.ok() || accepted->size() != 1 || !accepted->front().ok()) {
    ADD_FAILURE() << submission.request_id << " was not accepted";
    return {};
  }
  return *accepted->front();
}

MessageId PgQueueFixture::AcceptMail(const std::string& request_id, Lane lane) {
  const Accepted accepted = AcceptOne(Send(request_id, lane));
  return accepted.items.empty() ? 0 : accepted.items.front().id;
}

std::vector<MessageId> PgQueueFixture::AcceptBatch(const std::string& request_id, int count) {
  std::vector<MessageId> ids;
  for (const Accepted::Item& item : AcceptOne(Batch(request_id, count)).items) {
    ids.push_back(item.id);
  }
  return ids;
}

void PgQueueFixture::Renew() {
  database_ = std::make_unique<PgTestDatabase>();
  Reconnect();
}

void PgQueueFixture::Reconnect() {
  database_->Reconnect();
  queue_.emplace(database_->pool());
  log_.emplace(database_->pool());
}

void PgQueueFixture::Advance(absl::Duration by) {
  database_->Advance(by);
  queue_.emplace(database_->pool());  // its low watermarks are of the time before
}

Claim PgQueueFixture::Take(Lane lane, int limit, absl::Duration lease) {
  const auto id = queue().NextClaimId();
  EXPECT_OK(id);
  auto claim = queue().TakeDue(*id, "worker", lane, limit, lease);
  EXPECT_OK(claim);
  return claim.ok() ? *std::move(claim) : Claim();
}

absl::StatusOr<int> PgQueueFixture::Abandon() {
  Advance(absl::Minutes(1));
  EXPECT_THAT(queue().RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(0));
  Advance(absl::Minutes(1));
  return queue().RecoverExpired(absl::InfiniteFuture());
}

std::vector<Claim> PgQueueFixture::TakeAll(Lane lane, int limit) {
  std::vector<Claim> claims;
  for (;;) {
    Claim claim = Take(lane, limit);
    if (claim.mails.empty()) return claims;
    claims.push_back(std::move(claim));
  }
}

std::vector<MessageId> PgQueueFixture::IdsOf(const std::vector<Claim>& claims) {
  std::vector<MessageId> ids;
  for (const Claim& claim : claims) {
    for (const ClaimedMail& claimed : claim.mails) ids.push_back(claimed.mail.id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Outcome PgQueueFixture::OutcomeOf(const ClaimedMail& claimed, Outcome::Kind kind, Reason reason) {
  Outcome outcome;
  outcome.id = claimed.mail.id;
  outcome.delivery_count = claimed.delivery_count;
  outcome.attempt = claimed.attempt + 1;
  outcome.kind = kind;
  outcome.reason = reason;
  outcome.transport = "smtp";
  outcome.reply_code = 250;
  outcome.enhanced_code = "2.0.0";
  outcome.reply_text = "noted";
  return outcome;
}

FlushResult PgQueueFixture::Flush(const Claim& claim, const std::vector<Outcome>& outcomes,
                                  bool last) {
  const auto result = queue().Flush(claim.id, outcomes, last);
  EXPECT_OK(result);
  return result.ok() ? *result : FlushResult();
}

FlushResult PgQueueFixture::FlushAll(const Claim& claim, Outcome::Kind kind, Reason reason) {
  std::vector<Outcome> outcomes;
  for (const ClaimedMail& claimed : claim.mails) {
    outcomes.push_back(OutcomeOf(claimed, kind, reason));
  }
  return Flush(claim, outcomes);
}

MessageId PgQueueFixture::Ended(const std::string& request_id, Outcome::Kind kind, Reason reason) {
  const MessageId id = AcceptMail(request_id);
  const Claim claim = Take();
  EXPECT_EQ(claim.mails.size(), 1u);
  FlushAll(claim, kind, reason);
  return id;
}

MessageRecord PgQueueFixture::Get(MessageId id) {
  auto record = log().Get(id, absl::InfiniteFuture());
  EXPECT_OK(record);
  return record.ok() ? *std::move(record) : MessageRecord();
}

}  // namespace lmsmail::dispatch
