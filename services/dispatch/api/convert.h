#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/types/span.h"

#include "libs/status/error_details.h"
#include "lmsmail/dispatch/v1/dispatch_service.pb.h"
#include "services/dispatch/log/timeline.h"
#include "services/dispatch/message/message.h"
#include "services/dispatch/rendering/message_id_header.h"
#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/submission/submitter.h"
#include "services/dispatch/transports/transport.h"

// Conversions between protobuf messages and domain types. Violations of a request are added to
// `violations`; an invalid field keeps its default.
namespace lmsmail::dispatch {

MailHeader HeaderFromProto(const v1::SendRequest& request, const std::string& sender,
                           Violations& violations);
MailHeader HeaderFromProto(const v1::BatchHeader& message, const std::string& sender,
                           Violations& violations);
MailItem ItemFromProto(const v1::SendRequest& request);
MailItem ItemFromProto(const v1::BatchItem& item);
std::optional<Target> FromProto(const v1::Target& target);
// UNSPECIFIED and unknown values are violations.
Lane LaneFromProto(lmsmail::type::v1::Lane lane, Violations& violations);

// Hashes of what a call stores, for the idempotency lookup.
std::int64_t DigestOf(const v1::SendRequest& request);
std::int64_t DigestOf(const v1::BatchHeader& header, absl::Span<const MailItem> items);

lmsmail::type::v1::Lane ToProto(Lane lane);
v1::State ToProto(State state);
v1::Reason ToProto(Reason reason);
void ToProto(const Target& target, v1::Target& message);

// Fills the basic view.
void ToProto(const MessageRecord& record, const MessageIdHeader& message_ids, v1::Message& message);
// The estimated end counts from `now`.
void ToProto(const BatchRecord& record, absl::Time now, v1::Batch& message);
void ToProto(const ItemResult& result, v1::BatchItemResult& message);
void ToProto(const TimelineEntry& entry, v1::TimelineEntry& message);
void ToProto(const LaneDepth& depth, absl::Time now, v1::LaneStats& message);
void ToProto(const InFlightClaim& claim, v1::InFlightBatch& message);
void ToProto(const DayStats& stats, v1::MailStats& message);
void ToProto(const TransportInfo& info, v1::Transport& message);
void ToProto(const TransportHealth& health, v1::Transport& message);

}  // namespace lmsmail::dispatch
