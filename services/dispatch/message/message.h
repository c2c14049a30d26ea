#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"

#include "libs/category/category.h"

// The types of the dispatch domain. The numbers of the enums are stored and equal those of the
// protos (lmsmail/dispatch/v1, lmsmail/type/v1). Never renumber them.
namespace lmsmail::dispatch {

// Contains the day of the due time, the shard and a sequence number, so that one primary-key lookup
// in one partition finds the mail: days since 2024-01-01 (16 bits) << 47 | shard (8) << 39 | seq
// (39).
using MessageId = std::int64_t;
using BatchId = std::int64_t;
// One claim of a worker. Chosen by the worker and never reused, so that it fences off a worker
// whose claim was recovered.
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
  kDelivered = 10,
  kBounced = 11,
};

// What a provider reported about a mail.
enum class EventType : std::int16_t {
  kDelivered = 1,
  kBounced = 2,
  kDeferred = 3,
  kOpened = 4,
  kClicked = 5,
  kComplained = 6,
  kRejected = 7,
  kUnsubscribed = 8,
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
  kContentRejected = 14,
  kDeferredByServer = 15,
  kUnreachable = 16,
  kRateLimited = 17,
  kCheckUnavailable = 18,
  kConnectionLostAfterData = 19,
  kCancelled = 20,
  kExpired = 21,
  kDatabaseRestored = 22,
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

// A mail as a worker gets it, with all that is needed to check, render and send it.
struct Mail {
  MessageId id = 0;
  BatchId batch = 0;  // 0: a single Send
  TemplateRef template_ref;
  Target target;
  Lane lane = Lane::kTransactional;
  std::string context;         // serialized google.protobuf.Struct
  std::string shared_context;  // of its batch; the values of `context` take precedence
  std::string language_code;   // empty: the recipient's
  std::string transport;       // empty: the default one
  std::map<std::string, std::string> labels;  // of the Send or the batch
  double batch_max_per_second = 0;            // set by the sender of the batch; 0: no limit
  std::string key;     // what the mail was accepted under, an identity::OwnedKey; empty: none
  std::string sender;  // the caller, who owns the key and the batch
  // Of the call that the mail or its batch was accepted by, if its trace is sampled.
  std::string traceparent;
  absl::Time create_time;
  absl::Time due_time;
  absl::Time expire_time;  // the mail is not sent after it
  // When it was last deferred before it was first handed to a transport, if it was.
  std::optional<absl::Time> deferral_time;
  // When its content was dropped: context, shared_context and a target that is an address are
  // empty.
  std::optional<absl::Time> content_drop_time;

  // The Date header: when the mail might first leave. The same for every attempt.
  absl::Time date() const { return deferral_time.value_or(due_time); }
};

}  // namespace lmsmail::dispatch
