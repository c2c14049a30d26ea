#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"

#include "libs/category/category.h"

// The words of the dispatch domain. Numbers of enums are stored and equal those of the protocol
// (lmsmail/dispatch/v1, lmsmail/type/v1): never renumber.
namespace lmsmail::dispatch {

// Tells the day of its due time, its shard and a sequence number, so that one primary-key probe of
// one partition finds the mail: days since 2024-01-01 (16 bits) << 47 | shard (8) << 39 | seq (39).
using MessageId = std::int64_t;
using BatchId = std::int64_t;
// One claim of a worker. Chosen by the worker, never reused: the fence against a worker that was
// taken for dead.
using ClaimId = std::int64_t;

enum class State : std::int16_t {
  kScheduled = 1,
  kQueued = 2,
  kSending = 3,
  kSent = 4,
  kSkipped = 5,
  kFailed = 6,
  kExpired = 7,
  kCancelled = 8,
  kUncertain = 9,
};

enum class Reason : std::int16_t {
  kNone = 0,
  kUnknownRecipient = 1,
  kUnsubscribed = 2,
  kBounced = 3,
  kComplained = 4,
  kSuppressed = 5,
  kInvalidAddress = 6,
  kQuietHours = 7,
  kNoConsent = 8,
  kTemplateUnavailable = 9,
  kRenderFailed = 10,
  kTooLarge = 11,
  kRecipientRejected = 12,
  kSenderRejected = 13,
  kRetriesExhausted = 14,
  kDeferredByServer = 15,
  kUnreachable = 16,
  kRateLimited = 17,
  kCheckUnavailable = 18,
  kConnectionLostAfterData = 19,
  kCancelled = 20,
  kExpired = 21,
};

// A recipient's resource name, or an address that belongs to no recipient.
struct Target {
  enum class Kind : std::int16_t { kRecipient = 1, kAddress = 2 };
  Kind kind = Kind::kRecipient;
  std::string value;

  bool operator==(const Target&) const = default;
};

// The version of a template that a mail is pinned to when it is accepted.
struct TemplateRef {
  std::string key;  // "enrollment"
  int version = 0;
  Category category = Category::kAnnouncement;

  bool operator==(const TemplateRef&) const = default;
};

// A mail as a worker gets it: all that is needed to decide about it, write it and send it.
struct Mail {
  MessageId id = 0;
  BatchId batch = 0;  // 0: a single Send
  TemplateRef template_ref;
  Target target;
  Lane lane = Lane::kTransactional;
  std::string context;         // google.protobuf.Struct, serialized; the mail's own values
  std::string shared_context;  // of its batch; the mail's own take precedence
  std::string language_code;   // empty: the recipient's
  std::string transport;       // empty: the default one
  std::map<std::string, std::string> labels;  // of its batch for a mail of a batch
  double batch_max_per_second = 0;            // of its batch, as its sender set it; 0: no limit
  std::string request_id;                     // of its Send, or its dedupe key
  absl::Time create_time;
  absl::Time due_time;     // as accepted; a retry does not change it. The Date header.
  absl::Time expire_time;  // not after
};

}  // namespace lmsmail::dispatch
