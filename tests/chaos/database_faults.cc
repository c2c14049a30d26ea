#include <fmt/format.h>
#include <libpq-fe.h>

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <utility>

#include "absl/time/clock.h"

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/rhythm.h"
#include "tests/chaos/small_disk.h"

namespace lmsmail::chaos {
namespace {

namespace out = dispatch::v1;
using integration::Soon;

absl::Status Execute(const std::string& dsn, const std::string& sql) {
  try {
    pqxx::connection connection(dsn);
    pqxx::nontransaction(connection).exec(sql);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

// Starts the server unless it comes back by itself: without room for its log it gives up.
absl::Status Revive(postgres::EmbeddedPostgres& database) {
  const std::string dsn = database.Dsn("postgres");
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (absl::Now() < deadline) {
    if (PQping(dsn.c_str()) == PQPING_OK) return absl::OkStatus();
    absl::SleepFor(absl::Milliseconds(100));
  }
  LMSMAIL_RETURN_IF_ERROR(database.KillHard());
  return database.Start();
}

// Days of mail that is long done, as they are after months of use.
absl::Status AddOldDays(const std::string& dsn, int first_age, int days) {
  return Execute(dsn, fmt::format(R"sql(
    SET search_path = dispatch;
    SELECT ensure_partitions(day_of(now()) - age) FROM generate_series({0}, {1}) age;
    INSERT INTO message (msg_id, due_time, expire_time, create_time, batch_id, template_version,
                         shard, lane, category, target_kind, target, template_key, request_key,
                         language_code, transport)
    SELECT first_id_of(day_of(now()) - age) + n, now() - age * interval '1 day', now(),
           now() - age * interval '1 day', 0, 1, 0, 2, 2, 1, 'recipients/student-1', 'receipt', '',
           '', ''
      FROM generate_series({0}, {1}) age, generate_series(1, 500) n;
    INSERT INTO result (msg_id, claim_id, record_time, shard, delivery_count, attempt, kind,
                        reason)
    SELECT msg_id, 0, due_time, 0, 1, 1, 1, 0 FROM message
     WHERE msg_id < first_id_of(day_of(now()) - {0} + 1);
  )sql",
                                  first_age, first_age + days - 1));
}

}  // namespace

absl::StatusOr<Applied> KillPostgres(Stage& stage, Length length) {
  const int times = length == Length::kLong ? 15 : 3;
  for (int i = 0; i < times; ++i) {
    stage.Note("PostgreSQL killed");
    LMSMAIL_RETURN_IF_ERROR(stage.suite().database().KillHard());
    LMSMAIL_RETURN_IF_ERROR(stage.suite().database().Start());
    absl::SleepFor(absl::Seconds(2));
  }
  return Applied{.note = fmt::format("{} kills", times)};
}

absl::StatusOr<Applied> TerminateBackends(Stage& stage, Length length) {
  // Without waiting for their ends, unlike EmbeddedPostgres::TerminateBackends().
  constexpr char kTerminate[] =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
      " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
  const std::string dsn = stage.suite().database().Dsn("postgres");
  int times = 0;
  const auto terminate = [&] {
    ++times;
    stage.Note("backends terminated");
    return Execute(dsn, kTerminate);
  };
  LMSMAIL_RETURN_IF_ERROR(Repeat(absl::Milliseconds(200),
                                 length == Length::kLong ? absl::Seconds(60) : absl::Seconds(6),
                                 terminate));
  return Applied{.note = fmt::format("{} times", times)};
}

absl::StatusOr<Applied> FillDisk(Stage& stage, Length length) {
  stage.Note("disk full");
  LMSMAIL_ASSIGN_OR_RETURN(Ballast ballast, Ballast::Fill(stage.database_folder()));
  absl::SleepFor(length == Length::kLong ? absl::Seconds(60) : absl::Seconds(6));
  ballast.Remove();
  stage.Note("room again");
  LMSMAIL_RETURN_IF_ERROR(Revive(stage.suite().database()));
  return Applied{};
}

absl::StatusOr<Applied> PurgeLogs(Stage& stage, Length length) {
  constexpr int kDaysAtOnce = 5;
  constexpr int kYoungest = 30;
  constexpr int kMostRefusals = 60;
  const std::string dsn = stage.suite().dsn() + " user=lmsmail_dispatch";
  out::PurgeLogsRequest request;
  request.mutable_max_age()->set_seconds(absl::ToInt64Seconds(absl::Hours(24 * 7)));
  int dropped = 0;
  int calls = 0;
  int refused = 0;
  const auto purge = [&] {
    const auto purged = rpc::Call(*stage.replica(calls++ % Stage::kReplicas),
                                  &Stage::Dispatch::PurgeLogs, request, Soon());
    if (!purged.ok()) ++refused;
    return purged.ok();
  };
  const auto add_and_purge = [&] {
    const absl::Status added = AddOldDays(dsn, kYoungest + dropped, kDaysAtOnce);
    dropped += kDaysAtOnce;
    while (!purge() && refused < kMostRefusals) {
    }
    return added;
  };
  LMSMAIL_RETURN_IF_ERROR(Repeat(absl::Milliseconds(500),
                                 length == Length::kLong ? absl::Seconds(60) : absl::Seconds(6),
                                 add_and_purge));
  request.set_validate_only(true);
  LMSMAIL_ASSIGN_OR_RETURN(
      const out::PurgeLogsResponse left,
      rpc::Call(*stage.replica(0), &Stage::Dispatch::PurgeLogs, request, Soon()));
  Applied applied{.note = fmt::format("{} days dropped by {} calls, {} of which gave up", dropped,
                                      calls, refused)};
  if (left.dropped_day_count() + left.kept_day_count() > 0) {
    applied.faults = {fmt::format("days were left: {}", left.ShortDebugString())};
  }
  return applied;
}

}  // namespace lmsmail::chaos
