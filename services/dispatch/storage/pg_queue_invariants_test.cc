// Compares random histories with a model that knows whether each mail waits, is held or has ended.
// Seeds are fixed; a failure names its seed.
#include <fmt/format.h>

#include <map>
#include <random>
#include <set>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/storage/message_state.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using Kind = Outcome::Kind;

struct ModelMail {
  enum class Where { kQueued, kClaimed, kEnded } where = Where::kQueued;
  int delivery_count = 1;
  bool recovered = false;
  bool sent = false;
  bool cancel_asked = false;
  State ended = State::kQueued;
};

struct ModelClaim {
  Claim claim;
  std::set<MessageId> open;
};

class RandomHistory {
 public:
  RandomHistory(QueueStore& queue, MessageLog& log, std::function<void(absl::Duration)> advance,
                std::function<absl::Time()> now, unsigned seed)
      : queue_(queue),
        log_(log),
        advance_(std::move(advance)),
        now_(std::move(now)),
        random_(seed) {}

  void Step() {
    switch (Pick(10)) {
      case 0:
      case 1:
        return AcceptSome();
      case 2:
      case 3:
        return TakeSome();
      case 4:
      case 5:
        return FlushSome();
      case 6:
        return RepeatFlush();
      case 7:
        return Pick(2) == 0 ? ReleaseOne() : LoseLeases();
      case 8:
        return CancelOne();
      default:
        return RetryOne();
    }
  }

  // Checks that the store has each mail where the model has it, and nowhere else.
  void Check() {
    for (const auto& [id, mail] : mails_) {
      const auto record = log_.Get(id, absl::InfiniteFuture());
      ASSERT_OK(record);
      switch (mail.where) {
        case ModelMail::Where::kQueued:
          if (mail.sent) {
            EXPECT_EQ(record->state, State::kSent) << id;
          } else {
            EXPECT_EQ(record->state, State::kQueued) << id;
          }
          break;
        case ModelMail::Where::kClaimed:
          EXPECT_EQ(record->state, mail.sent ? State::kSent : State::kSending) << id;
          break;
        case ModelMail::Where::kEnded:
          EXPECT_EQ(record->state, mail.sent ? State::kSent : mail.ended) << id;
          break;
      }
    }
    CheckDepth();
  }

  // Sends everything that is left.
  void Drain() {
    LoseLeases();
    for (int rounds = 0; rounds < 100; ++rounds) {
      TakeSome(/*limit=*/50);
      if (claims_.empty()) break;
      while (!claims_.empty()) {
        const auto it = claims_.begin();
        std::vector<Outcome> outcomes;
        for (const ClaimedMail& claimed : it->second.claim.mails) {
          if (it->second.open.contains(claimed.mail.id) && !claimed.already_sent) {
            outcomes.push_back(Make(claimed, Kind::kSent));
          }
        }
        Flush(it->first, outcomes, /*last=*/true);
      }
    }
    for (const auto& [id, mail] : mails_) {
      EXPECT_TRUE(mail.where == ModelMail::Where::kEnded || mail.sent) << id << " was lost";
    }
    Check();
  }

 private:
  std::ptrdiff_t Pick(std::size_t count) {
    return std::uniform_int_distribution<std::ptrdiff_t>(
        0, static_cast<std::ptrdiff_t>(count) - 1)(random_);
  }

  void AcceptSome() {
    Submission submission;
    submission.request_id = fmt::format("request-{}", requests_++);
    submission.batch = Pick(2) == 0;
    submission.template_ref = {"enrollment", 1, Category::kEnrollment};
    submission.lane = Lane::kBulk;
    submission.due_time = now_();
    submission.expire_time = now_() + absl::Hours(24);
    const std::ptrdiff_t count = submission.batch ? 1 + Pick(5) : 1;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      submission.items.push_back({{Target::Kind::kRecipient, "recipients/1"}, "c", ""});
    }
    const auto accepted = queue_.Accept({submission, submission}, absl::InfiniteFuture());
    ASSERT_OK(accepted);
    ASSERT_OK(accepted->at(0));
    EXPECT_TRUE(accepted->at(1)->replayed);
    for (const Accepted::Item& item : accepted->at(0)->items) mails_[item.id];
  }

  void TakeSome(int limit = 6) {
    ASSERT_OK_AND_ASSIGN(const ClaimId id, queue_.NextClaimId());
    ASSERT_OK_AND_ASSIGN(const Claim claim,
                         queue_.TakeDue(id, "w", Lane::kBulk, limit, absl::Minutes(1)));
    if (claim.mails.empty()) return;
    ModelClaim& model = claims_[id];
    model.claim = claim;
    for (const ClaimedMail& claimed : claim.mails) {
      ASSERT_TRUE(mails_.contains(claimed.mail.id));
      ModelMail& mail = mails_[claimed.mail.id];
      EXPECT_EQ(mail.where, ModelMail::Where::kQueued) << claimed.mail.id << " is held twice";
      EXPECT_EQ(claimed.delivery_count, mail.delivery_count);
      EXPECT_EQ(claimed.recovered, mail.recovered);
      EXPECT_EQ(claimed.already_sent, mail.sent);
      EXPECT_EQ(claimed.cancelled, mail.cancel_asked);
      mail.where = ModelMail::Where::kClaimed;
      model.open.insert(claimed.mail.id);
    }
  }

  Outcome Make(const ClaimedMail& claimed, Kind kind) {
    Outcome outcome;
    outcome.id = claimed.mail.id;
    outcome.delivery_count = claimed.delivery_count;
    outcome.attempt = claimed.attempt + 1;
    outcome.kind = kind;
    outcome.retry_time = now_();
    return outcome;
  }

  void FlushSome() {
    if (claims_.empty()) return;
    auto it = std::next(claims_.begin(), Pick(claims_.size()));
    std::vector<Outcome> outcomes;
    for (const ClaimedMail& claimed : it->second.claim.mails) {
      if (!it->second.open.contains(claimed.mail.id) || Pick(3) == 0) continue;
      if (claimed.already_sent) continue;
      outcomes.push_back(Make(claimed, static_cast<Kind>(1 + Pick(7))));
    }
    Flush(it->first, outcomes, /*last=*/false);
  }

  void Flush(ClaimId id, const std::vector<Outcome>& outcomes, bool last) {
    ASSERT_OK_AND_ASSIGN(const FlushResult flushed, queue_.Flush(id, outcomes, last));
    EXPECT_TRUE(flushed.live);
    EXPECT_EQ(flushed.recorded, static_cast<int>(outcomes.size()));
    for (const Outcome& outcome : outcomes) {
      ModelMail& mail = mails_[outcome.id];
      claims_[id].open.erase(outcome.id);
      if (outcome.kind == Kind::kDeferred) {
        mail.where = ModelMail::Where::kQueued;
        ++mail.delivery_count;
        mail.recovered = false;
      } else {
        mail.where = ModelMail::Where::kEnded;
        mail.ended = dispatch::StateOf(outcome.kind);
        mail.sent = mail.sent || outcome.kind == Kind::kSent;
      }
    }
    if (!outcomes.empty()) flushed_.emplace_back(id, outcomes);
    if (!last) return;
    for (const MessageId open : claims_[id].open) {
      mails_[open].where = ModelMail::Where::kEnded;  // already sent
    }
    claims_.erase(id);
  }

  void RepeatFlush() {
    if (flushed_.empty()) return;
    const auto& [id, outcomes] = flushed_[static_cast<std::size_t>(Pick(flushed_.size()))];
    ASSERT_OK_AND_ASSIGN(const FlushResult repeated, queue_.Flush(id, outcomes, /*last=*/false));
    EXPECT_EQ(repeated.recorded, 0);
    EXPECT_EQ(repeated.live, claims_.contains(id));
  }

  void ReleaseOne() {
    if (claims_.empty()) return;
    const auto it = std::next(claims_.begin(), Pick(claims_.size()));
    ASSERT_OK_AND_ASSIGN(const int released, queue_.Release(it->first));
    EXPECT_EQ(released, static_cast<int>(it->second.open.size()));
    for (const MessageId id : it->second.open) mails_[id].where = ModelMail::Where::kQueued;
    claims_.erase(it);
  }

  // All workers lose their leases. One of them reports too late that it has sent its mail.
  void LoseLeases() {
    advance_(absl::Minutes(1));
    ASSERT_OK(queue_.RecoverExpired(absl::InfiniteFuture()));
    advance_(absl::Minutes(1));
    int held = 0;
    for (const auto& [id, model] : claims_) held += static_cast<int>(model.open.size());
    ASSERT_OK_AND_ASSIGN(const int recovered, queue_.RecoverExpired(absl::InfiniteFuture()));
    EXPECT_EQ(recovered, held);
    for (const auto& [id, model] : claims_) {
      for (const MessageId open : model.open) {
        mails_[open].where = ModelMail::Where::kQueued;
        mails_[open].recovered = true;
        ++mails_[open].delivery_count;
      }
    }
    if (!claims_.empty() && Pick(2) == 0) {
      const ModelClaim& stale = claims_.begin()->second;
      std::vector<Outcome> outcomes;
      for (const ClaimedMail& claimed : stale.claim.mails) {
        if (stale.open.contains(claimed.mail.id)) outcomes.push_back(Make(claimed, Kind::kSent));
      }
      ASSERT_OK_AND_ASSIGN(const FlushResult late,
                           queue_.Flush(stale.claim.id, outcomes, /*last=*/true));
      EXPECT_FALSE(late.live);
      EXPECT_EQ(late.recorded, static_cast<int>(outcomes.size()));
      for (const Outcome& outcome : outcomes) mails_[outcome.id].sent = true;
    }
    claims_.clear();
  }

  void CancelOne() {
    if (mails_.empty()) return;
    auto& [id, mail] = *std::next(mails_.begin(), Pick(mails_.size()));
    if (mail.sent) return;
    ASSERT_OK_AND_ASSIGN(const CancelResult result, queue_.Cancel(id, absl::InfiniteFuture()));
    switch (mail.where) {
      case ModelMail::Where::kQueued:
        // A mail that was released may be found by its next claim only.
        if (result == CancelResult::kCancelled) {
          mail.where = ModelMail::Where::kEnded;
          mail.ended = State::kCancelled;
        } else {
          EXPECT_EQ(result, CancelResult::kRequested);
          mail.cancel_asked = true;
        }
        break;
      case ModelMail::Where::kClaimed:
        EXPECT_EQ(result, CancelResult::kRequested);
        mail.cancel_asked = true;
        break;
      case ModelMail::Where::kEnded:
        EXPECT_EQ(result, mail.ended == State::kCancelled ? CancelResult::kCancelled
                                                          : CancelResult::kTooLate);
        break;
    }
  }

  void RetryOne() {
    if (mails_.empty()) return;
    auto& [id, mail] = *std::next(mails_.begin(), Pick(mails_.size()));
    const absl::Status status =
        queue_.Retry(id, fmt::format("retry-{}", requests_++), absl::InfiniteFuture());
    if (mail.where != ModelMail::Where::kEnded || mail.sent) {
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
      return;
    }
    EXPECT_OK(status);
    mail.where = ModelMail::Where::kQueued;
    mail.cancel_asked = false;
    mail.recovered = false;
    ++mail.delivery_count;
  }

  void CheckDepth() {
    std::int64_t waiting = 0;
    for (const auto& [id, mail] : mails_) waiting += mail.where == ModelMail::Where::kQueued;
    ASSERT_OK_AND_ASSIGN(const auto depths, queue_.Depths(absl::InfiniteFuture()));
    EXPECT_EQ(depths.at(3).due + depths.at(3).waiting, waiting);
  }

  QueueStore& queue_;
  MessageLog& log_;
  const std::function<void(absl::Duration)> advance_;
  const std::function<absl::Time()> now_;
  std::mt19937 random_;
  int requests_ = 0;
  std::map<MessageId, ModelMail> mails_;
  std::map<ClaimId, ModelClaim> claims_;
  std::vector<std::pair<ClaimId, std::vector<Outcome>>> flushed_;
};

class PgQueueInvariantsTest : public PgQueueFixture {};

TEST_F(PgQueueInvariantsTest, EachMailIsInExactlyOnePlace) {
  for (const unsigned seed : {1u, 2u, 3u, 4u, 5u}) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Renew();
    RandomHistory history(
        queue(), log(), [this](absl::Duration by) { Advance(by); }, [this] { return Now(); }, seed);
    for (int step = 0; step < 120; ++step) {
      history.Step();
      if (step % 10 == 0) history.Check();
      if (HasFailure()) return;
    }
    history.Drain();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace lmsmail::dispatch
