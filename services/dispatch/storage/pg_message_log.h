#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/postgres/pool.h"
#include "services/dispatch/storage/message_log.h"

namespace lmsmail::dispatch {

// Reads the tables that PgQueueStore writes. Its pool may be another one, with longer timeouts.
// Each call sees one snapshot of the database.
class PgMessageLog final : public MessageLog {
 public:
  // `pool` has the schema "dispatch" and outlives the log.
  explicit PgMessageLog(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<MessageId> FindByKey(std::string_view key) override;
  absl::StatusOr<std::optional<KnownRequest>> FindRequest(std::string_view request_id) override;
  absl::StatusOr<MessageRecord> Get(MessageId id) override;
  absl::StatusOr<History> Explain(MessageId id) override;
  absl::StatusOr<Page> List(const MessageFilter& filter, std::optional<Position> after,
                            int limit) override;
  absl::StatusOr<BatchRecord> GetBatch(BatchId id) override;
  absl::StatusOr<EventCounts> RecordEvents(absl::Span<const ProviderEvent> events) override;
  absl::StatusOr<std::vector<AddressReport>> AddressReports(absl::Time since) override;
  absl::StatusOr<std::vector<DayStats>> Stats(absl::Time start, absl::Time end,
                                              std::string_view template_key) override;
  absl::StatusOr<Recent> RecentOutcomes() override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::dispatch
