#include "services/report/storage/pg_weekly_report_store.h"

#include <fmt/format.h>

#include <pqxx/pqxx>
#include <string>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/report/domain/resource_names.h"
#include "services/report/storage/pg_weekly_report_rows.h"

namespace lmsmail::report {
namespace {

using postgres::RunInTransaction;
using postgres::ToArrayLiteral;
using postgres::ToTimestamptz;

// Counts the students with an enrollment that begins before the end of the week, $1.
constexpr char kCountStudents[] =
    "SELECT count(DISTINCT student_id) FROM enrollment WHERE enrolled AND enroll_time < $1";

constexpr char kGenerateReports[] = R"(
  WITH student AS MATERIALIZED (
    SELECT DISTINCT student_id FROM enrollment
     WHERE enrolled AND enroll_time < ($2::timestamptz[])[8] AND student_id > $3::text
     ORDER BY student_id LIMIT $4::int),
  progress AS MATERIALIZED (
    SELECT * FROM weekly_progress((SELECT array_agg(student_id) FROM student), $2::timestamptz[])),
  course_rows AS (
    INSERT INTO weekly_report_course (week, student_id, course_id, title, url, lesson_count,
           lessons_completed, total_lessons_completed, quizzes_passed, watched_ms, active_days)
    SELECT $1::text, c.* FROM progress c),
  report AS (
    INSERT INTO weekly_report (week, student_id, has_activity, create_time)
    SELECT $1::text, student_id, student_id IN (SELECT student_id FROM progress),
           $5::timestamptz FROM student
    RETURNING student_id, has_activity)
  SELECT count(*), count(*) FILTER (WHERE NOT has_activity), max(student_id) FROM report)";

// Selects at most $1 reports that match `where`, with their courses.
std::string SelectReports(std::string_view where, std::string_view order) {
  return fmt::format(
      "SELECT week, student_id, mail_state, create_time, {}"
      "  FROM (SELECT * FROM weekly_report WHERE {} ORDER BY {} LIMIT $1) r"
      "  LEFT JOIN weekly_report_course USING (week, student_id) ORDER BY {}",
      kCourseColumns, where, order, order);
}

absl::StatusOr<WeeklyReportRun> LockRun(pqxx::work& tx, const IsoWeek& week) {
  const pqxx::result rows = tx.exec_params(
      fmt::format("SELECT {} FROM weekly_report_run WHERE week = $1 FOR UPDATE", kRunColumns),
      week.ToString());
  if (rows.empty()) return NotFound(RunName(week));
  return RunOf(rows[0]);
}

}  // namespace

absl::StatusOr<WeeklyReportRun> PgWeeklyReportStore::RequestRun(const IsoWeek& week, bool skip_mail,
                                                                absl::Time now,
                                                                absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.request_run", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<WeeklyReportRun> {
        InsertRunIfAbsent(tx, {.week = week, .skip_mail = skip_mail, .create_time = now});
        LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun run, LockRun(tx, week));
        ApplyRequest(run, skip_mail, now);
        SaveRun(tx, run);
        return run;
      });
}

absl::StatusOr<WeeklyReportRun> PgWeeklyReportStore::GetRun(const IsoWeek& week,
                                                            absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.get_run", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<WeeklyReportRun> {
        const pqxx::result rows = tx.exec_params(
            fmt::format("SELECT {} FROM weekly_report_run WHERE week = $1", kRunColumns),
            week.ToString());
        if (rows.empty()) return NotFound(RunName(week));
        return RunOf(rows[0]);
      });
}

absl::StatusOr<std::vector<WeeklyReportRun>> PgWeeklyReportStore::ListRuns(
    std::optional<IsoWeek> before, int limit, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.list_runs", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<WeeklyReportRun>> {
        std::vector<WeeklyReportRun> runs;
        for (const pqxx::row& row : tx.exec_params(
                 fmt::format("SELECT {} FROM weekly_report_run WHERE $1 = '' OR week < $1"
                             " ORDER BY week DESC LIMIT $2",
                             kRunColumns),
                 before ? before->ToString() : "", limit)) {
          runs.push_back(RunOf(row));
        }
        return runs;
      });
}

absl::StatusOr<WeeklyReportRun> PgWeeklyReportStore::ChangeRun(const IsoWeek& week, Change change,
                                                               absl::Time deadline) {
  return RunInTransaction(pool_, {.name = "report.change_run", .deadline = deadline},
                          [&](pqxx::work& tx) -> absl::StatusOr<WeeklyReportRun> {
                            LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun run, LockRun(tx, week));
                            LMSMAIL_RETURN_IF_ERROR(change(run));
                            SaveRun(tx, run);
                            return run;
                          });
}

absl::StatusOr<std::optional<WeeklyReportRun>> PgWeeklyReportStore::ClaimRun(absl::Time now,
                                                                             absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.claim_run", .deadline = deadline},
      [&](pqxx::work& tx) -> absl::StatusOr<std::optional<WeeklyReportRun>> {
        const pqxx::result rows = tx.exec_params(
            fmt::format(
                "SELECT {} FROM weekly_report_run"
                " WHERE state IN (1, 2) AND lease_expire_time <= $1 AND next_attempt_time <= $1"
                " ORDER BY week LIMIT 1 FOR UPDATE SKIP LOCKED",
                kRunColumns),
            ToTimestamptz(now));
        if (rows.empty()) return std::nullopt;
        WeeklyReportRun run = RunOf(rows[0]);
        Claim(run, now);
        SaveRun(tx, run);
        return run;
      });
}

absl::StatusOr<WeeklyReportRun> PgWeeklyReportStore::GenerateReports(
    const IsoWeek& week, std::int64_t fence, absl::Span<const absl::Time> days, int limit,
    absl::Time now, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.generate_reports", .deadline = deadline},
      [&](pqxx::work& tx) -> absl::StatusOr<WeeklyReportRun> {
        LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun run, LockRun(tx, week));
        LMSMAIL_RETURN_IF_ERROR(CheckHeld(run, fence));
        if (run.total_count == 0) {
          run.total_count =
              tx.exec_params1(kCountStudents, ToTimestamptz(days.back()))[0].as<std::int64_t>();
        }
        const pqxx::row made =
            tx.exec_params1(kGenerateReports, week.ToString(), ToArrayLiteral(days), run.cursor,
                            limit, ToTimestamptz(now));
        run.processed_count += made[0].as<std::int64_t>();
        run.inactive_count += made[1].as<std::int64_t>();
        if (!made[2].is_null()) run.cursor = postgres::Text(made[2]);
        Renew(run, now);
        SaveRun(tx, run);
        return run;
      });
}

absl::StatusOr<std::vector<WeeklyReport>> PgWeeklyReportStore::ListUnsent(const IsoWeek& week,
                                                                          int limit,
                                                                          absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.list_unsent", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<WeeklyReport>> {
        return ReportsOf(tx.exec_params(
            SelectReports("week = $2 AND has_activity AND mail_state = 0", "student_id"), limit,
            week.ToString()));
      });
}

absl::StatusOr<WeeklyReportRun> PgWeeklyReportStore::RecordMail(
    const IsoWeek& week, absl::Span<const MailOutcome> outcomes, absl::Time deadline) {
  std::string last_rejection;
  for (const MailOutcome& outcome : outcomes) {
    if (!outcome.accepted) last_rejection = outcome.student + ": " + outcome.rejection;
  }
  return RunInTransaction(
      pool_, {.name = "report.record_mail", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<WeeklyReportRun> {
        LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun run, LockRun(tx, week));
        const pqxx::row counts = tx.exec_params1(
            "WITH outcome AS (UPDATE weekly_report r"
            "    SET mail_state = CASE WHEN o.accepted THEN 1 ELSE 2 END,"
            "        rejection = nullif(o.rejection, '')"
            "   FROM unnest($2::text[], $3::bool[], $4::text[]) AS o (student_id, accepted, "
            "rejection)"
            "  WHERE r.week = $1 AND r.student_id = o.student_id AND r.mail_state = 0"
            "  RETURNING o.accepted)"
            " SELECT count(*) FILTER (WHERE accepted), count(*) FILTER (WHERE NOT accepted)"
            "   FROM outcome",
            week.ToString(), ToArrayLiteral(outcomes, &MailOutcome::student),
            ToArrayLiteral(outcomes, &MailOutcome::accepted),
            ToArrayLiteral(outcomes, &MailOutcome::rejection));
        CountMail(run, counts[0].as<int>(), counts[1].as<int>(), last_rejection);
        SaveRun(tx, run);
        return run;
      });
}

absl::StatusOr<WeeklyReport> PgWeeklyReportStore::GetReport(const IsoWeek& week,
                                                            std::string_view student,
                                                            absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(
      std::vector<WeeklyReport> found,
      ListReports({.week = week, .student = std::string(student), .limit = 1}, deadline));
  if (found.empty()) {
    return NotFound(ReportName(week, student));
  }
  return std::move(found.front());
}

absl::StatusOr<std::vector<WeeklyReport>> PgWeeklyReportStore::ListReports(const ReportQuery& query,
                                                                           absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.list_reports", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<WeeklyReport>> {
        if (!query.week) {
          return ReportsOf(tx.exec_params(
              SelectReports("student_id = $2 AND ($3 = '' OR week < $3)", "week DESC"), query.limit,
              query.student, query.before_week ? query.before_week->ToString() : ""));
        }
        return ReportsOf(tx.exec_params(
            SelectReports("week = $2 AND student_id > $3 AND ($4 = '' OR student_id = $4)",
                          "student_id"),
            query.limit, query.week->ToString(), query.after_student, query.student));
      });
}

absl::StatusOr<StudentProgress> PgWeeklyReportStore::GetStudentProgress(
    std::string_view student, absl::Span<const absl::Time> days, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.get_student_progress", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<StudentProgress> {
        StudentProgress week;
        week.enrolled = tx.exec_params1(
                              "SELECT EXISTS (SELECT FROM enrollment"
                              " WHERE enrolled AND student_id = $1 AND enroll_time < $2)",
                              std::string(student), ToTimestamptz(days.back()))[0]
                            .as<bool>();
        for (const pqxx::row& row : tx.exec_params(
                 fmt::format("SELECT {} FROM weekly_progress(ARRAY[$1::text], $2::timestamptz[])",
                             kCourseColumns),
                 std::string(student), ToArrayLiteral(days))) {
          week.courses.push_back(CourseProgressOf(row, 0));
        }
        SortByActivity(week.courses);
        return week;
      });
}

}  // namespace lmsmail::report
