#include "services/dispatch/api/submission_handlers.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "libs/rpc/status.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/dispatch/api/convert.h"
#include "services/dispatch/message/resource_names.h"

namespace lmsmail::dispatch {
namespace {

constexpr int kMaxListed = 100;  // refused items of a stream, and duplicates

template <typename Items>
std::vector<MailItem> ItemsFromProto(const Items& items) {
  std::vector<MailItem> out;
  out.reserve(static_cast<std::size_t>(items.size()));
  for (const v1::BatchItem& item : items) out.push_back(ItemFromProto(item));
  return out;
}

// One SendBulk stream. Its memory does not grow with the stream: it keeps the counts and the first
// refusals and duplicates.
class BulkHandler final : public rpc::ClientStreamHandler<v1::SendBulkRequest> {
 public:
  BulkHandler(Submitter& submitter, v1::SendBulkResponse& response)
      : submitter_(submitter), response_(response) {}

  absl::Status OnMessage(const rpc::CallInfo& call, v1::SendBulkRequest& message) override {
    LMSMAIL_RETURN_IF_ERROR(CheckItemCount(message));
    if (!bulk_) return Open(call, message);
    if (message.has_header())
      return InvalidField("header", "is allowed only in the first message of the stream");
    return Add(call, message);
  }

  absl::Status OnEnd(const rpc::CallInfo&) override {
    if (!bulk_) return InvalidField("header", "is required in the first message of the stream");
    LMSMAIL_RETURN_IF_ERROR(Count(bulk_->Finish()));
    if (item_count_ == 0 || received_ == item_count_) return absl::OkStatus();
    return absl::AbortedError(fmt::format(
        "the stream was cut: it ended after {} of the {} items that item_count gives. Repeat it "
        "from the start with the same request_id; no item is accepted twice",
        received_, item_count_));
  }

 private:
  absl::Status CheckItemCount(const v1::SendBulkRequest& message) {
    const std::int64_t given = message.item_count();
    if (given < 0) return InvalidField("item_count", "must not be negative");
    if (given != 0 && item_count_ != 0 && given != item_count_) {
      return InvalidField("item_count",
                          fmt::format("was {} in an earlier message of the stream", item_count_));
    }
    if (given != 0) item_count_ = given;
    received_ += message.items_size();
    if (item_count_ == 0 || received_ <= item_count_) return absl::OkStatus();
    return InvalidField("item_count",
                        fmt::format("must be the number of items of the whole stream; it is {}, "
                                    "and there are at least {} items",
                                    item_count_, received_));
  }

  absl::Status Open(const rpc::CallInfo& call, v1::SendBulkRequest& message) {
    if (!message.has_header()) {
      return InvalidField("header", "is required in the first message of the stream");
    }
    header_ = message.header();
    Violations violations;
    const MailHeader header = HeaderFromProto(header_, call.caller.name, violations);
    LMSMAIL_ASSIGN_OR_RETURN(Submitter::Bulk bulk,
                             submitter_.OpenBulk(header, std::move(violations), call.deadline));
    bulk_.emplace(std::move(bulk));
    // The first message may have items, too.
    message.clear_header();
    return message.items().empty() ? absl::OkStatus() : Add(call, message);
  }

  absl::Status Add(const rpc::CallInfo& call, const v1::SendBulkRequest& message) {
    std::vector<MailItem> items = ItemsFromProto(message.items());
    const std::int64_t digest = DigestOf(header_, items);
    return Count(bulk_->Add(std::move(items), digest, call.deadline));
  }

  absl::Status Count(const absl::StatusOr<BatchResult>& result) {
    LMSMAIL_RETURN_IF_ERROR(result.status());
    if (result->batch != 0) response_.set_batch(BatchName(result->batch));
    for (const ItemResult& item : result->items) Count(item);
    return absl::OkStatus();
  }

  void Count(const ItemResult& item) {
    const std::int64_t index = index_++;
    if (item.status.ok()) {
      response_.set_accepted_count(response_.accepted_count() + 1);
      if (item.duplicate) AddDuplicate(index, item.id);
      return;
    }
    response_.set_refused_count(response_.refused_count() + 1);
    if (response_.refusals_size() >= kMaxListed) return;
    auto& refusal = *response_.add_refusals();
    refusal.set_index(index);
    rpc::ToItemStatus(item.status, *refusal.mutable_status());
  }

  void AddDuplicate(std::int64_t index, MessageId id) {
    response_.set_duplicate_count(response_.duplicate_count() + 1);
    if (response_.duplicates_size() >= kMaxListed) return;
    auto& duplicate = *response_.add_duplicates();
    duplicate.set_index(index);
    duplicate.set_message(MessageName(id));
  }

  Submitter& submitter_;
  v1::SendBulkResponse& response_;
  v1::BatchHeader header_;
  std::optional<Submitter::Bulk> bulk_;
  std::int64_t item_count_ = 0;  // of the whole stream, or 0
  std::int64_t received_ = 0;
  std::int64_t index_ = 0;  // of the next item whose result is counted
};

}  // namespace

void SubmissionHandlers::Send(const rpc::CallInfo& call, const v1::SendRequest& request,
                              v1::Message& response, rpc::Responder responder) {
  Violations violations;
  const MailHeader header = HeaderFromProto(request, call.caller.name, violations);
  MailItem item = ItemFromProto(request);
  auto done = [this, &response,
               responder = std::move(responder)](const absl::StatusOr<SendResult>& result) mutable {
    if (result.ok()) {
      ToProto(result->record, message_ids_, response);
      response.set_duplicate(result->duplicate);
    }
    responder.Finish(result.status());
  };
  if (request.validate_only()) {
    const auto valid = submitter_.Validate(header, std::move(item), DigestOf(request),
                                           std::move(violations), call.deadline);
    if (!valid.ok()) return done(valid.status());
    return done(SendResult{.record = *valid});
  }
  submitter_.Send(header, std::move(item), DigestOf(request), std::move(violations), call.deadline,
                  std::move(done));
}

absl::Status SubmissionHandlers::SendBatch(const rpc::CallInfo& call,
                                           const v1::SendBatchRequest& request,
                                           v1::SendBatchResponse& response) {
  if (!request.has_header()) return InvalidField("header", "is required");
  Violations violations;
  const MailHeader header = HeaderFromProto(request.header(), call.caller.name, violations);
  std::vector<MailItem> items = ItemsFromProto(request.items());
  const std::int64_t digest = DigestOf(request.header(), items);
  LMSMAIL_ASSIGN_OR_RETURN(
      const BatchResult result,
      submitter_.SendBatch(header, std::move(items), digest, std::move(violations), call.deadline));
  response.set_batch(BatchName(result.batch));
  for (const ItemResult& item : result.items) {
    ToProto(item, *response.add_results());
    if (item.status.ok()) response.set_accepted_count(response.accepted_count() + 1);
    if (item.duplicate) response.set_duplicate_count(response.duplicate_count() + 1);
  }
  return absl::OkStatus();
}

std::unique_ptr<rpc::ClientStreamHandler<v1::SendBulkRequest>> SubmissionHandlers::SendBulk(
    v1::SendBulkResponse& response) {
  return std::make_unique<BulkHandler>(submitter_, response);
}

}  // namespace lmsmail::dispatch
