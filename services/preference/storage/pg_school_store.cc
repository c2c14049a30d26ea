#include "services/preference/storage/pg_school_store.h"

#include <pqxx/result>

#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"

namespace lmsmail::preference {
namespace {

using postgres::RunInTransaction;

constexpr char kSelect[] =
    "SELECT display_name, url, postal_address, language_code, time_zone, logo_url, color, reply_to,"
    " support_address, reports_after_leaving, update_time, revision FROM school";
constexpr char kInsert[] =
    "INSERT INTO school (display_name, url, postal_address, language_code, time_zone, logo_url,"
    " color, reply_to, support_address, reports_after_leaving, update_time, revision)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
constexpr char kUpdate[] =
    "UPDATE school SET display_name = $1, url = $2, postal_address = $3, language_code = $4,"
    " time_zone = $5, logo_url = $6, color = $7, reply_to = $8, support_address = $9,"
    " reports_after_leaving = $10, update_time = $11, revision = $12 WHERE revision = $12 - 1";

absl::StatusOr<school::School> Read(pqxx::work& tx) {
  const pqxx::result rows = tx.exec(kSelect);
  if (rows.empty()) return NotFound("school");
  const pqxx::row& row = rows[0];
  return school::School{.display_name = postgres::Text(row[0]),
                        .url = postgres::Text(row[1]),
                        .postal_address = postgres::Text(row[2]),
                        .language_code = postgres::Text(row[3]),
                        .time_zone = postgres::Text(row[4]),
                        .logo_url = postgres::Text(row[5]),
                        .color = postgres::Text(row[6]),
                        .reply_to = postgres::Text(row[7]),
                        .support_address = postgres::Text(row[8]),
                        .reports_after_leaving = row[9].as<bool>(),
                        .update_time = postgres::Time(row[10]),
                        .revision = row[11].as<std::int64_t>()};
}

pqxx::result Write(const char* sql, const school::School& school, pqxx::work& tx) {
  return tx.exec_params(sql, school.display_name, school.url, school.postal_address,
                        school.language_code, school.time_zone, school.logo_url, school.color,
                        school.reply_to, school.support_address, school.reports_after_leaving,
                        postgres::ToTimestamptz(school.update_time), school.revision);
}

}  // namespace

absl::StatusOr<school::School> PgSchoolStore::Initialize(const school::School& school,
                                                         absl::Time deadline) {
  return RunInTransaction(pool_,
                          {.name = "school.initialize", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) {
                            Write(kInsert, school, tx);
                            return Read(tx);
                          });
}

absl::StatusOr<school::School> PgSchoolStore::Get(absl::Time deadline) {
  return RunInTransaction(pool_, {.name = "school.get", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) { return Read(tx); });
}

absl::Status PgSchoolStore::Update(const school::School& school, absl::Time deadline) {
  return RunInTransaction(pool_, {.name = "school.update", .deadline = deadline},
                          [&](pqxx::work& tx) {
                            const bool updated = Write(kUpdate, school, tx).affected_rows() > 0;
                            return updated ? absl::OkStatus() : EtagMismatch("school");
                          });
}

}  // namespace lmsmail::preference
