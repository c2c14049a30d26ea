#pragma once

#include <map>
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
  // What happens within `machine_delay` after a mail was sent is a program's.
  explicit PgMessageLog(postgres::Pool& pool, absl::Duration machine_delay = absl::ZeroDuration())
      : pool_(pool), machine_delay_(machine_delay) {}

  absl::StatusOr<std::map<std::string, MessageId>> FindByKey(std::string_view key,
                                                             absl::Time deadline) override;
  absl::StatusOr<std::optional<KnownRequest>> FindRequest(std::string_view request_id,
                                                          absl::Time deadline) override;
  absl::StatusOr<MessageRecord> Get(MessageId id, absl::Time deadline) override;
  absl::StatusOr<History> Explain(MessageId id, absl::Time deadline) override;
  absl::StatusOr<Page> List(const MessageFilter& filter, std::optional<Position> after, int limit,
                            absl::Time deadline) override;
  absl::StatusOr<BatchRecord> GetBatch(BatchId id, absl::Time deadline) override;
  absl::StatusOr<std::map<MessageId, Target>> Targets(absl::Span<const MessageId> ids,
                                                      absl::Time deadline) override;
  absl::StatusOr<EventCounts> RecordEvents(absl::Span<const ProviderEvent> events,
                                           absl::Time deadline) override;
  absl::StatusOr<std::vector<AddressReport>> AddressReports(absl::Time since,
                                                            absl::Time deadline) override;
  absl::StatusOr<std::vector<DayStats>> Stats(absl::Time start, absl::Time end,
                                              std::string_view template_key,
                                              absl::Time deadline) override;
  absl::StatusOr<Recent> RecentOutcomes(absl::Time deadline) override;

 private:
  postgres::Pool& pool_;
  const absl::Duration machine_delay_;
};

}  // namespace lmsmail::dispatch
