#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// Mails that share everything but target and context and are accepted together: one Send, or up to
// 1000 items of a batch.
struct Submission {
  std::string request_id;   // unique for its meaning
  int chunk = 0;            // position in a bulk stream; 0 for Send and SendBatch
  std::int64_t digest = 0;  // of the whole body: the same key with another digest is refused
  bool batch = false;       // whether the mails belong to a batch named by `request_id`
  TemplateRef template_ref;
  Lane lane = Lane::kTransactional;
  absl::Time due_time;  // the past means now
  absl::Time expire_time;
  std::string shared_context;  // serialized Struct; batches only
  double max_per_second = 0;   // of the whole batch; 0: no limit; batches only
  std::string language_code;
  std::string transport;
  std::map<std::string, std::string> labels;

  struct Item {
    Target target;
    std::string context;     // serialized Struct
    std::string dedupe_key;  // empty: none; for a single Send its request_id is the key
  };
  std::vector<Item> items;
};

struct Accepted {
  BatchId batch = 0;
  bool replayed = false;  // the whole submission was accepted by an earlier call
  struct Item {
    MessageId id = 0;
    bool duplicate = false;  // accepted earlier, by this request or under its dedupe key
    // As stored, by the store's clock. Only of a Send's mail that was accepted now.
    absl::Time create_time = {};
    absl::Time due_time = {};
  };
  std::vector<Item> items;  // in order of the submission
};

struct ClaimedMail {
  Mail mail;
  // Counts every time the mail came out of the queue; identifies the outcome, so that repeating a
  // flush records nothing twice.
  int step = 0;
  int attempt = 0;         // deliveries tried before
  bool cancelled = false;  // alone or with its batch
  // A worker died, or lost its lease, while it had this mail: it may have been sent already.
  bool recovered = false;
  bool already_sent =
      false;  // a worker taken for dead reported it sent: record nothing, send nothing
};

struct Claim {
  ClaimId id = 0;
  Lane lane = Lane::kTransactional;
  int shard = 0;
  std::vector<ClaimedMail> mails;
};

// What became of one claimed mail.
struct Outcome {
  enum class Kind : std::int16_t {
    kSent = 1,
    kDeferred = 2,  // back into the queue for `retry_time`
    kFailed = 3,
    kCancelled = 4,
    kExpired = 5,
    kUncertain = 6,
    kSkipped = 7,
  };
  MessageId id = 0;
  int step = 0;
  int attempt = 0;  // deliveries tried, this one included; unchanged if none was tried now
  Kind kind = Kind::kSent;
  Reason reason = Reason::kNone;
  absl::Time retry_time;  // kDeferred only
  std::string transport;
  int reply_code = 0;         // SMTP or HTTP
  std::string enhanced_code;  // RFC 3463
  std::string reply_text;     // the server's words, at most 512 bytes; or what went wrong, in words
  std::string content_hash;   // SHA-256 of the bytes handed over, raw; empty if none were
};

struct FlushResult {
  bool live = false;  // false: the lease is gone; only kSent facts were recorded
  int recorded = 0;
};

struct LaneDepth {
  Lane lane = Lane::kTransactional;
  bool paused = false;
  std::string pause_detail;
  std::int64_t due = 0;
  std::int64_t waiting = 0;    // in the queue, of a later time
  std::int64_t scheduled = 0;  // of later days
  std::int64_t in_flight = 0;
  std::optional<absl::Time> oldest_due;
};

struct InFlightClaim {
  ClaimId id = 0;
  std::string worker;
  Lane lane = Lane::kTransactional;
  absl::Time claim_time;
  absl::Time lease_expire_time;
  int count = 0;
  std::vector<MessageId> open;  // at most 100 without an outcome
};

enum class CancelResult { kCancelled, kRequested, kTooLate, kNotFound };

struct Cancellations {
  std::int64_t cursor = 0;          // ask with it next time
  std::vector<MessageId> messages;  // cancelled while a worker may hold them
  std::vector<BatchId> batches;
};

// Whether a store's error may be gone when the same call is made again.
inline bool MaySucceedLater(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnknown:  // a COMMIT's answer was lost
      return true;
    default:
      return false;
  }
}

// The queue: what was accepted, who holds what, what came of it. Thread-safe. Every function is one
// transaction; what it returned OK for survives a crash. Split by lifetime, and no row is ever
// updated per mail: an immutable message, a queue row while it waits, one lease row for a whole
// claim, an appended outcome. That keeps a claim as fast with millions waiting or finished as with
// none.
class QueueStore {
 public:
  virtual ~QueueStore() = default;

  // One transaction for all. One answer each, in order; ALREADY_EXISTS for a key that was used with
  // another body concerns that submission alone.
  virtual absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> Accept(
      absl::Span<const Submission> submissions) = 0;

  // Takes up to `limit` mails of `lane` that are due, oldest first, from one shard. No mails when
  // the lane is empty, paused, or another worker claims from it this instant. After an error they
  // may be taken all the same: ask Resume with the same id before anything else.
  virtual absl::StatusOr<Claim> TakeDue(ClaimId id, std::string_view worker, Lane lane, int limit,
                                        absl::Duration lease) = 0;
  // What `id` still holds, without the mails that have an outcome.
  virtual absl::StatusOr<Claim> Resume(ClaimId id) = 0;
  // A fresh claim id.
  virtual absl::StatusOr<ClaimId> NextClaimId() = 0;

  // Records outcomes of mails of one claim; `last` ends it. Repeating it changes nothing.
  virtual absl::StatusOr<FlushResult> Flush(ClaimId id, absl::Span<const Outcome> outcomes,
                                            bool last) = 0;
  // Extends the leases; returns those still held.
  virtual absl::StatusOr<std::vector<ClaimId>> Extend(absl::Span<const ClaimId> ids,
                                                      absl::Duration lease) = 0;
  // Gives back what has no outcome, as if it had not been claimed. Returns how many.
  virtual absl::StatusOr<int> Release(ClaimId id) = 0;
  // Gives the mails of expired leases back, marked recovered. Returns how many. A lease that nobody
  // could extend because the store was away has ended as well, with a holder that lives; so one is
  // only taken back if a call at least half a lease ago saw it late. To be called often.
  virtual absl::StatusOr<int> RecoverExpired() = 0;

  // When the next mail of those of `lanes` that aren't paused becomes due; nullopt if none waits.
  virtual absl::StatusOr<std::optional<absl::Time>> NextDue(absl::Span<const Lane> lanes) = 0;

  virtual absl::StatusOr<CancelResult> Cancel(MessageId id) = 0;
  // Marks the batch; its waiting mails become CANCELLED when they are claimed.
  virtual absl::Status CancelBatch(BatchId id) = 0;
  // Cancellations after `cursor` (0: the last hour's) that workers must heed for mails they hold.
  virtual absl::StatusOr<Cancellations> CancellationsSince(std::int64_t cursor) = 0;

  // Puts a mail with a final outcome other than SENT back into the queue, once per `request_id`.
  // FAILED_PRECONDITION in another state, NOT_FOUND without such a mail.
  virtual absl::Status Retry(MessageId id, std::string_view request_id) = 0;

  virtual absl::Status SetPaused(Lane lane, bool paused, std::string_view detail) = 0;
  virtual absl::StatusOr<std::vector<LaneDepth>> Depths() = 0;
  // By claim id, at most `limit` after `after`.
  virtual absl::StatusOr<std::vector<InFlightClaim>> InFlight(ClaimId after, int limit) = 0;

  // Moves mail of later days that is due within a day into the queue. Returns how many.
  virtual absl::StatusOr<int> Promote() = 0;
  // Makes claims come across mail that they no longer looked for, since it came to light long after
  // it was due. A store remembers by itself where its claims look, so every replica calls this, now
  // and then.
  virtual absl::Status FindOverlooked() = 0;
  // Makes the partitions of the coming days and forgets old keys and cancellations.
  virtual absl::Status Maintain() = 0;
  struct Purged {
    int dropped_days = 0;
    int kept_days = 0;
  };
  // Drops whole days older than `before`, unless mail of theirs still waits.
  virtual absl::StatusOr<Purged> Purge(absl::Time before, bool count_only) = 0;
};

}  // namespace lmsmail::dispatch
