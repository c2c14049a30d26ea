#include <fmt/format.h>
#include <libpq-fe.h>

#include <pqxx/connection>
#include <pqxx/nontransaction>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/repeat.h"
#include "tests/chaos/small_disk.h"

namespace lmsmail::chaos {
namespace {

namespace pb = dispatch::v1;
using integration::Call;

absl::Status Execute(const std::string& dsn, const std::string& sql) {
  try {
    pqxx::connection connection(dsn);
    pqxx::nontransaction(connection).exec(sql);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

// Waits for the server, and restarts it unless it recovers by itself: it exits when it has no space
// for its WAL.
absl::Status Recover(postgres::EmbeddedPostgres& database) {
  const std::string dsn = database.Dsn("postgres");
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (absl::Now() < deadline) {
    if (PQping(dsn.c_str()) == PQPING_OK) return absl::OkStatus();
    absl::SleepFor(absl::Milliseconds(100));
  }
  LMSMAIL_RETURN_IF_ERROR(database.KillHard());
  return database.Start();
}

// Adds days of finished mail, as they exist after months of use.
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

absl::StatusOr<FaultOutcome> KillPostgres(Cluster& cluster, Length length) {
  const int times = Choose(length, 3, 15);
  for (int i = 0; i < times; ++i) {
    cluster.RecordEvent("PostgreSQL killed");
    LMSMAIL_RETURN_IF_ERROR(cluster.suite().database().KillHard());
    LMSMAIL_RETURN_IF_ERROR(cluster.suite().database().Start());
    absl::SleepFor(absl::Seconds(2));
  }
  return FaultOutcome{.note = fmt::format("{} kills", times)};
}

absl::StatusOr<FaultOutcome> TerminateBackends(Cluster& cluster, Length length) {
  // Unlike EmbeddedPostgres::TerminateBackends(), this does not wait until the backends end.
  constexpr char kTerminate[] =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
      " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
  const std::string dsn = cluster.suite().database().Dsn("postgres");
  int times = 0;
  const auto terminate = [&] {
    ++times;
    cluster.RecordEvent("backends terminated");
    return Execute(dsn, kTerminate);
  };
  LMSMAIL_RETURN_IF_ERROR(Repeat(absl::Milliseconds(200),
                                 Choose(length, absl::Seconds(6), absl::Seconds(60)), terminate));
  return FaultOutcome{.note = fmt::format("{} times", times)};
}

absl::StatusOr<FaultOutcome> FillDisk(Cluster& cluster, Length length) {
  cluster.RecordEvent("disk full");
  LMSMAIL_ASSIGN_OR_RETURN(DiskFiller filler, DiskFiller::Fill(cluster.database_folder()));
  absl::SleepFor(Choose(length, absl::Seconds(6), absl::Seconds(60)));
  filler.Remove();
  cluster.RecordEvent("disk has space again");
  LMSMAIL_RETURN_IF_ERROR(Recover(cluster.suite().database()));
  return FaultOutcome{};
}

absl::StatusOr<FaultOutcome> PurgeLogs(Cluster& cluster, Length length) {
  constexpr int kDaysAtOnce = 5;
  constexpr int kYoungest = 30;
  constexpr int kMaxFailures = 60;
  const std::string dsn = cluster.suite().dsn() + " user=lmsmail_dispatch";
  pb::PurgeLogsRequest request;
  request.mutable_max_age()->set_seconds(absl::ToInt64Seconds(absl::Hours(24 * 7)));
  int dropped = 0;
  int calls = 0;
  int failed = 0;
  const auto purge = [&] {
    const auto purged = Call(*cluster.replica(calls++ % Cluster::kReplicas),
                             &Cluster::Dispatch::PurgeLogs, request);
    if (!purged.ok()) ++failed;
    return purged.ok();
  };
  const auto add_and_purge = [&] {
    const absl::Status added = AddOldDays(dsn, kYoungest + dropped, kDaysAtOnce);
    dropped += kDaysAtOnce;
    while (!purge() && failed < kMaxFailures) {
    }
    return added;
  };
  LMSMAIL_RETURN_IF_ERROR(Repeat(
      absl::Milliseconds(500), Choose(length, absl::Seconds(6), absl::Seconds(60)), add_and_purge));
  request.set_validate_only(true);
  LMSMAIL_ASSIGN_OR_RETURN(const pb::PurgeLogsResponse left,
                           Call(*cluster.replica(0), &Cluster::Dispatch::PurgeLogs, request));
  FaultOutcome outcome{.note = fmt::format("{} days dropped by {} calls, {} of which failed",
                                           dropped, calls, failed)};
  if (left.dropped_day_count() + left.kept_day_count() > 0) {
    outcome.violations = {fmt::format("days were not dropped: {}", left.ShortDebugString())};
  }
  return outcome;
}

}  // namespace lmsmail::chaos
