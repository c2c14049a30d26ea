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

// The students of whom reports are generated. $1 is the week's days; $2 tells whether those are
// among them who left.
constexpr char kIsStudent[] = R"(
  (e.enrolled AND e.enroll_time < ($1::timestamptz[])[8]))";
constexpr char kHasLeft[] = R"(
  ($2::bool AND NOT e.enrolled AND e.activity_time >= ($1::timestamptz[])[1]
   AND EXISTS (SELECT FROM activity a
                WHERE a.student_id = e.student_id AND a.kind IN (3, 4, 5)
                  AND a.activity_time >= ($1::timestamptz[])[1]
                  AND a.activity_time < ($1::timestamptz[])[8])))";

// Students after the cursor $6 whose report was not generated on its own.
constexpr char kIsNext[] = R"(
  e.student_id > $6::text
  AND NOT EXISTS (SELECT FROM weekly_report w WHERE w.week = $3 AND w.student_id = e.student_id))";

// The next $7 students: two scans of partial indexes.
std::string NextStudents() {
  return fmt::format(
      R"(SELECT student_id FROM (
           (SELECT DISTINCT e.student_id FROM enrollment e
             WHERE {} AND {} ORDER BY 1 LIMIT $7::int)
           UNION
           (SELECT DISTINCT e.student_id FROM enrollment e
             WHERE {} AND {} ORDER BY 1 LIMIT $7::int)) u
         ORDER BY student_id LIMIT $7::int)",
      kIsStudent, kIsNext, kHasLeft, kIsNext);
}

// Stores the reports of the students whom `students` selects; $3 is the week, $4 now, $5 the time
// from which late activity counts. A report that exists is replaced, but for accepted mail.
std::string GenerateStatement(std::string_view students) {
  return fmt::format(R"(
  WITH student AS MATERIALIZED ({}),
  ids AS MATERIALIZED (SELECT coalesce(array_agg(student_id), '{{}}') AS ids FROM student),
  progress AS MATERIALIZED (
    SELECT p.* FROM ids, weekly_progress(ids.ids, $1::timestamptz[]) p),
  late AS MATERIALIZED (
    SELECT l.* FROM ids, weekly_late(ids.ids, $3::text, $5::timestamptz,
                                     ($1::timestamptz[])[1]) l),
  course_rows AS (
    INSERT INTO weekly_report_course (week, student_id, course_id, title, url, lesson_count,
           lessons_completed, total_lessons_completed, quizzes_passed, watched_ms, active_days)
    SELECT $3::text, c.* FROM progress c),
  report AS (
    INSERT INTO weekly_report AS r (week, student_id, has_activity, create_time,
           late_lessons_completed, late_watched_ms, late_quizzes_passed)
    SELECT $3::text, s.student_id,
           l.student_id IS NOT NULL OR s.student_id IN (SELECT student_id FROM progress),
           $4::timestamptz, coalesce(l.lessons_completed, 0), coalesce(l.watched_ms, 0),
           coalesce(l.quizzes_passed, 0)
      FROM student s LEFT JOIN late l USING (student_id)
    ON CONFLICT (week, student_id) DO UPDATE
       SET has_activity = excluded.has_activity, create_time = excluded.create_time,
           record_time = excluded.record_time,
           late_lessons_completed = excluded.late_lessons_completed,
           late_watched_ms = excluded.late_watched_ms,
           late_quizzes_passed = excluded.late_quizzes_passed,
           mail_state = CASE r.mail_state WHEN 1 THEN 1 ELSE 0 END, rejection = NULL
    RETURNING student_id, has_activity)
  SELECT count(*), count(*) FILTER (WHERE NOT has_activity), max(student_id) FROM report)",
                     students);
}

// Selects at most $1 reports that match `where`, with their courses.
std::string SelectReports(std::string_view where, std::string_view order) {
  return fmt::format(
      "SELECT week, student_id, mail_state, create_time, late_lessons_completed, late_watched_ms,"
      " late_quizzes_passed, {}"
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

absl::StatusOr<WeeklyReportRun> PgWeeklyReportStore::RequestRun(const RunRequest& request,
                                                                absl::Time now,
                                                                absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.request_run", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<WeeklyReportRun> {
        InsertRunIfAbsent(tx, {.week = request.week,
                               .skip_mail = request.skip_mail,
                               .create_time = now,
                               .time_zone = request.time_zone,
                               .local_time = request.local_time});
        LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun run, LockRun(tx, request.week));
        ApplyRequest(run, request.skip_mail, now);
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

absl::StatusOr<std::int64_t> PgWeeklyReportStore::CountStudents(const Students& students,
                                                                absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.count_students", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::int64_t> {
        return tx
            .exec_params1(fmt::format("SELECT count(DISTINCT e.student_id) FROM enrollment e"
                                      " WHERE {} OR {}",
                                      kIsStudent, kHasLeft),
                          ToArrayLiteral(students.days), students.also_left)[0]
            .as<std::int64_t>();
      });
}

absl::StatusOr<WeeklyReportRun> PgWeeklyReportStore::GenerateReports(const IsoWeek& week,
                                                                     std::int64_t fence,
                                                                     const Students& students,
                                                                     int limit, absl::Time now,
                                                                     absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.generate_reports", .deadline = deadline},
      [&](pqxx::work& tx) -> absl::StatusOr<WeeklyReportRun> {
        LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun run, LockRun(tx, week));
        LMSMAIL_RETURN_IF_ERROR(CheckHeld(run, fence));
        const pqxx::row made =
            tx.exec_params1(GenerateStatement(NextStudents()), ToArrayLiteral(students.days),
                            students.also_left, week.ToString(), ToTimestamptz(now),
                            ToTimestamptz(students.days.front() - kMaxLateness), run.cursor, limit);
        run.processed_count += made[0].as<std::int64_t>();
        run.inactive_count += made[1].as<std::int64_t>();
        if (!made[2].is_null()) run.cursor = postgres::Text(made[2]);
        Renew(run, now);
        SaveRun(tx, run);
        return run;
      });
}

absl::StatusOr<WeeklyReportRun> PgWeeklyReportStore::RegenerateReports(
    const IsoWeek& week, absl::Span<const std::string> ids, const Students& students,
    bool skip_mail, absl::Time now, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.regenerate_reports", .deadline = deadline},
      [&](pqxx::work& tx) -> absl::StatusOr<WeeklyReportRun> {
        LMSMAIL_ASSIGN_OR_RETURN(WeeklyReportRun run, LockRun(tx, week));
        LMSMAIL_RETURN_IF_ERROR(Reopen(run, skip_mail, now));
        const std::string selected = ToArrayLiteral(ids);
        tx.exec_params0(
            "DELETE FROM weekly_report_course WHERE week = $1 AND student_id = ANY ($2::text[])",
            week.ToString(), selected);
        tx.exec_params1(
            GenerateStatement(fmt::format("SELECT DISTINCT e.student_id FROM enrollment e"
                                          " WHERE e.student_id = ANY ($6::text[]) AND ({} OR {})",
                                          kIsStudent, kHasLeft)),
            ToArrayLiteral(students.days), students.also_left, week.ToString(), ToTimestamptz(now),
            ToTimestamptz(students.days.front() - kMaxLateness), selected);
        const pqxx::row counts = tx.exec_params1(
            "SELECT count(*), count(*) FILTER (WHERE NOT has_activity) FROM weekly_report"
            " WHERE week = $1",
            week.ToString());
        run.processed_count = counts[0].as<std::int64_t>();
        run.inactive_count = counts[1].as<std::int64_t>();
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

absl::StatusOr<StudentProgress> PgWeeklyReportStore::GetStudentProgress(std::string_view student,
                                                                        const IsoWeek& week,
                                                                        const Students& students,
                                                                        absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.get_student_progress", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<StudentProgress> {
        StudentProgress progress;
        const std::string id(student);
        const std::string days = ToArrayLiteral(students.days);
        progress.gets_report =
            tx.exec_params1(fmt::format("SELECT EXISTS (SELECT FROM enrollment e"
                                        " WHERE e.student_id = $3::text AND ({} OR {}))",
                                        kIsStudent, kHasLeft),
                            days, students.also_left, id)[0]
                .as<bool>();
        for (const pqxx::row& row : tx.exec_params(
                 fmt::format("SELECT {} FROM weekly_progress(ARRAY[$1::text], $2::timestamptz[])",
                             kCourseColumns),
                 id, days)) {
          progress.courses.push_back(CourseProgressOf(row, 0));
        }
        SortByActivity(progress.courses);
        const pqxx::result late = tx.exec_params(
            "SELECT lessons_completed, watched_ms, quizzes_passed"
            "  FROM weekly_late(ARRAY[$1::text], $2::text, $3::timestamptz, $4::timestamptz)",
            id, week.ToString(), ToTimestamptz(students.days.front() - kMaxLateness),
            ToTimestamptz(students.days.front()));
        if (!late.empty()) progress.late = LateActivityOf(late[0], 0);
        return progress;
      });
}

}  // namespace lmsmail::report
