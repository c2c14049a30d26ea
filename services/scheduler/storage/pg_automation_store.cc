#include "services/scheduler/storage/pg_automation_store.h"

#include <fmt/format.h>

#include <pqxx/result>
#include <string>

#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "services/scheduler/domain/resource_names.h"
#include "services/scheduler/storage/pg_request_store.h"
#include "services/scheduler/storage/pg_resource_rows.h"

namespace lmsmail::scheduler {
namespace {

using postgres::RunInTransaction;
using postgres::Text;
using postgres::ToTimestamptz;

constexpr char kInsert[] = R"(
INSERT INTO automation (automation_id, display_name, event_type, audience, template_name,
                        delay_seconds, window_seconds, lane, enabled, create_time, update_time,
                        revision, unless)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12))";
constexpr char kUpdate[] = R"(
UPDATE automation SET display_name = $2, event_type = $3, audience = $4, template_name = $5,
       delay_seconds = $6, window_seconds = $7, lane = $8, enabled = $9, update_time = $10,
       revision = $11, unless = $12
 WHERE automation_id = $1 AND revision = $11 - 1)";

std::string Select(std::string_view rest) {
  return fmt::format(
      "SELECT automation_id, display_name, event_type, audience, template_name, delay_seconds, "
      "window_seconds, lane, enabled, create_time, update_time, revision, unless "
      "FROM automation {}",
      rest);
}

Automation Read(const pqxx::row& row) {
  return {.id = Text(row["automation_id"]),
          .display_name = Text(row["display_name"]),
          .event_type = static_cast<EventType>(row["event_type"].as<int>()),
          .audience = static_cast<Audience>(row["audience"].as<int>()),
          .template_name = Text(row["template_name"]),
          .delay = absl::Seconds(row["delay_seconds"].as<std::int64_t>()),
          .collect_window = absl::Seconds(row["window_seconds"].as<std::int64_t>()),
          .lane = static_cast<lmsmail::type::v1::Lane>(row["lane"].as<int>()),
          .enabled = row["enabled"].as<bool>(),
          .unless = Conditions(row["unless"].as<int>()),
          .create_time = postgres::Time(row["create_time"]),
          .update_time = postgres::Time(row["update_time"]),
          .revision = row["revision"].as<std::int64_t>()};
}

std::vector<Automation> ReadAll(const pqxx::result& rows) {
  std::vector<Automation> automations;
  for (const pqxx::row& row : rows) automations.push_back(Read(row));
  return automations;
}

// `time` is the create time of a new automation, or else the update time.
pqxx::result Write(const char* sql, const Automation& automation, absl::Time time, pqxx::work& tx) {
  return tx.exec_params(
      sql, automation.id, automation.display_name, static_cast<int>(automation.event_type),
      static_cast<int>(automation.audience), automation.template_name,
      absl::ToInt64Seconds(automation.delay), absl::ToInt64Seconds(automation.collect_window),
      static_cast<int>(automation.lane), automation.enabled, ToTimestamptz(time),
      automation.revision, automation.unless.bits());
}

}  // namespace

absl::Status PgAutomationStore::Create(const Automation& automation, const RequestRecord& request,
                                       absl::Time deadline) {
  return RunInTransaction(pool_, {.name = "automation.create", .deadline = deadline},
                          [&](pqxx::work& tx) {
                            PgRequestStore::Insert(request, tx);
                            Write(kInsert, automation, automation.create_time, tx);
                            return absl::OkStatus();
                          });
}

absl::StatusOr<Automation> PgAutomationStore::Find(std::string_view id, absl::Time deadline) {
  return RunInTransaction(pool_,
                          {.name = "automation.find", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<Automation> {
                            const pqxx::result rows =
                                tx.exec_params(Select("WHERE automation_id = $1"), std::string(id));
                            if (rows.empty()) return NotFound(AutomationName(id));
                            return Read(rows[0]);
                          });
}

absl::StatusOr<std::vector<Automation>> PgAutomationStore::List(std::string_view after_id,
                                                                int limit, absl::Time deadline) {
  return RunInTransaction(pool_,
                          {.name = "automation.list", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Automation>> {
                            return ReadAll(tx.exec_params(
                                Select("WHERE automation_id > $1 ORDER BY automation_id LIMIT $2"),
                                std::string(after_id), limit));
                          });
}

absl::StatusOr<std::vector<Automation>> PgAutomationStore::ListEnabled(absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "automation.list_enabled", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Automation>> {
        return ReadAll(tx.exec(Select("WHERE enabled ORDER BY automation_id")));
      });
}

absl::Status PgAutomationStore::Update(const Automation& automation, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "automation.update", .deadline = deadline}, [&](pqxx::work& tx) {
        const bool updated =
            Write(kUpdate, automation, automation.update_time, tx).affected_rows() > 0;
        return updated ? absl::OkStatus() : EtagMismatch(AutomationName(automation.id));
      });
}

absl::Status PgAutomationStore::Delete(std::string_view id, std::optional<std::int64_t> revision,
                                       absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "automation.delete", .deadline = deadline}, [&](pqxx::work& tx) {
        return DeleteResource("automation", id, revision, AutomationName(id), tx);
      });
}

}  // namespace lmsmail::scheduler
