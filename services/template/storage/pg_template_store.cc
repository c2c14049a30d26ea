#include "services/template/storage/pg_template_store.h"

#include <cstdint>
#include <pqxx/result>
#include <string>
#include <utility>

#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/resource_name/name.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/template/storage/content_json.h"

namespace lmsmail::templates {
namespace {

using postgres::RunInTransaction;
using postgres::Text;
using postgres::ToTimestamptz;
using resource_name::TemplateName;

#define LMSMAIL_TEMPLATE_COLUMNS                                                   \
  "t.template_id, t.category, t.display_name, t.description, t.latest_version, "   \
  "t.published_version, t.publication, t.built_in AS state_built_in, t.revision, " \
  "t.create_time AS state_create_time, t.update_time, t.delete_time"
#define LMSMAIL_VERSION_COLUMNS "v.version, v.content, v.digest, v.built_in, v.create_time"

// The values of $2 of kFind that are not version numbers.
constexpr int kPublished = 0;
constexpr int kLatest = -1;
constexpr int kShown = -2;

constexpr char kFind[] = "SELECT " LMSMAIL_TEMPLATE_COLUMNS ", " LMSMAIL_VERSION_COLUMNS R"(
  FROM template t
  LEFT JOIN template_version v ON v.template_id = t.template_id AND v.version =
       CASE $2::int4 WHEN 0 THEN t.published_version
                     WHEN -1 THEN t.latest_version
                     WHEN -2 THEN coalesce(nullif(t.published_version, 0), t.latest_version)
                     ELSE $2::int4 END
 WHERE t.template_id = $1)";
constexpr char kList[] = "SELECT " LMSMAIL_TEMPLATE_COLUMNS R"(
  FROM template t
 WHERE t.template_id > $1 AND ($2::int2 = 0 OR t.category = $2::int2)
   AND ($3::bool OR t.delete_time IS NULL)
 ORDER BY t.template_id LIMIT $4)";
constexpr char kListVersions[] = "SELECT " LMSMAIL_VERSION_COLUMNS R"(
  FROM template_version v WHERE v.template_id = $1 AND v.version < $2
 ORDER BY v.version DESC LIMIT $3)";

#undef LMSMAIL_TEMPLATE_COLUMNS
#undef LMSMAIL_VERSION_COLUMNS

constexpr char kGetPublication[] =
    "SELECT number, version, previous, publish_time FROM publication "
    "WHERE template_id = $1 AND number = $2";
constexpr char kHasContent[] =
    "SELECT EXISTS (SELECT FROM template_version WHERE template_id = $1 AND digest = $2)";
constexpr char kInsertTemplate[] = R"(
INSERT INTO template (template_id, category, display_name, description, latest_version,
                      published_version, publication, built_in, revision, create_time,
                      update_time, delete_time)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))";
constexpr char kUpdateTemplate[] = R"(
UPDATE template SET display_name = $3, description = $4, latest_version = $5,
       published_version = $6, publication = $7, built_in = $8, revision = $2,
       update_time = $9, delete_time = $10
 WHERE template_id = $1 AND revision = $2 - 1)";
constexpr char kInsertVersion[] = R"(
INSERT INTO template_version (template_id, version, content, digest, built_in, create_time)
VALUES ($1, $2, $3, $4, $5, $6))";
constexpr char kInsertPublication[] = R"(
INSERT INTO publication (template_id, number, version, previous, publish_time)
VALUES ($1, $2, $3, $4, $5))";
constexpr char kInsertRecord[] =
    "INSERT INTO request (request_id, digest, template_id, create_time) VALUES ($1, $2, $3, $4)";
constexpr char kFindRecord[] =
    "SELECT request_id, digest, template_id, create_time FROM request WHERE request_id = $1";
constexpr char kDeleteRecords[] = "DELETE FROM request WHERE create_time < $1";

int Parameter(VersionSelector version) {
  switch (version.kind) {
    case VersionSelector::Kind::kNumber:
      return version.number;
    case VersionSelector::Kind::kPublished:
      return kPublished;
    case VersionSelector::Kind::kLatest:
      return kLatest;
    case VersionSelector::Kind::kShown:
      return kShown;
  }
  return kPublished;
}

std::optional<std::string> OptionalTimestamptz(const std::optional<absl::Time>& time) {
  if (!time) return std::nullopt;
  return ToTimestamptz(*time);
}

Template ReadTemplate(const pqxx::row& row) {
  return {.id = Text(row["template_id"]),
          .category = static_cast<Category>(row["category"].as<int>()),
          .display_name = Text(row["display_name"]),
          .description = Text(row["description"]),
          .latest_version = row["latest_version"].as<int>(),
          .published_version = row["published_version"].as<int>(),
          .publication = row["publication"].as<int>(),
          .built_in = row["state_built_in"].as<bool>(),
          .revision = row["revision"].as<std::int64_t>(),
          .create_time = postgres::Time(row["state_create_time"]),
          .update_time = postgres::Time(row["update_time"]),
          .delete_time = postgres::OptionalTime(row["delete_time"])};
}

absl::StatusOr<Version> ReadVersion(const pqxx::row& row) {
  LMSMAIL_ASSIGN_OR_RETURN(TemplateContent content, ContentFromJson(Text(row["content"])));
  return Version{.number = row["version"].as<int>(),
                 .content = std::move(content),
                 .digest = Text(row["digest"]),
                 .built_in = row["built_in"].as<bool>(),
                 .create_time = postgres::Time(row["create_time"])};
}

// Inserts the rows that `change` adds.
absl::Status InsertRows(const Change& change, pqxx::work& tx) {
  const std::string& id = change.state.id;
  if (const auto& version = change.version) {
    LMSMAIL_ASSIGN_OR_RETURN(const std::string json, ContentToJson(version->content));
    tx.exec_params0(kInsertVersion, id, version->number, json, version->digest, version->built_in,
                    ToTimestamptz(version->create_time));
  }
  if (const auto& publication = change.publication) {
    tx.exec_params0(kInsertPublication, id, publication->number, publication->version,
                    publication->previous, ToTimestamptz(publication->publish_time));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Found> PgTemplateStore::Find(std::string_view id, VersionSelector version,
                                            absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "template.find", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<Found> {
        const pqxx::result rows = tx.exec_params(kFind, std::string(id), Parameter(version));
        if (rows.empty()) return NotFound(TemplateName(id));
        Found found{ReadTemplate(rows[0]), std::nullopt};
        if (!rows[0]["version"].is_null()) {
          LMSMAIL_ASSIGN_OR_RETURN(found.version, ReadVersion(rows[0]));
        }
        return found;
      });
}

absl::StatusOr<std::vector<Template>> PgTemplateStore::List(const ListQuery& query,
                                                            absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "template.list", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Template>> {
        std::vector<Template> out;
        const int category = query.category ? static_cast<int>(*query.category) : 0;
        for (const pqxx::row& row :
             tx.exec_params(kList, query.after_id, category, query.show_deleted, query.limit)) {
          out.push_back(ReadTemplate(row));
        }
        return out;
      });
}

absl::StatusOr<std::vector<Version>> PgTemplateStore::ListVersions(std::string_view id, int below,
                                                                   int limit, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "template.list_versions", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Version>> {
        std::vector<Version> out;
        for (const pqxx::row& row : tx.exec_params(kListVersions, std::string(id), below, limit)) {
          LMSMAIL_ASSIGN_OR_RETURN(Version version, ReadVersion(row));
          out.push_back(std::move(version));
        }
        return out;
      });
}

absl::StatusOr<Publication> PgTemplateStore::GetPublication(std::string_view id, int number,
                                                            absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "template.get_publication", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<Publication> {
        const pqxx::result rows = tx.exec_params(kGetPublication, std::string(id), number);
        if (rows.empty()) return absl::NotFoundError("the publication does not exist");
        return Publication{.number = rows[0]["number"].as<int>(),
                           .version = rows[0]["version"].as<int>(),
                           .previous = rows[0]["previous"].as<int>(),
                           .publish_time = postgres::Time(rows[0]["publish_time"])};
      });
}

absl::StatusOr<bool> PgTemplateStore::HasContent(std::string_view id, std::string_view digest,
                                                 absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "template.has_content", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<bool> {
        return tx.exec_params1(kHasContent, std::string(id), std::string(digest))[0].as<bool>();
      });
}

absl::Status PgTemplateStore::Create(const Change& first,
                                     const std::optional<IdempotencyRecord>& record,
                                     absl::Time deadline) {
  const Template& state = first.state;
  return RunInTransaction(
      pool_, {.name = "template.create", .deadline = deadline}, [&](pqxx::work& tx) {
        const std::optional<std::string> deleted = OptionalTimestamptz(state.delete_time);
        tx.exec_params0(kInsertTemplate, state.id, static_cast<int>(state.category),
                        state.display_name, state.description, state.latest_version,
                        state.published_version, state.publication, state.built_in, state.revision,
                        ToTimestamptz(state.create_time), ToTimestamptz(state.update_time),
                        postgres::OrNull(deleted));
        if (record) {
          tx.exec_params0(kInsertRecord, record->request_id, record->digest, record->template_id,
                          ToTimestamptz(record->create_time));
        }
        return InsertRows(first, tx);
      });
}

absl::Status PgTemplateStore::Update(const Change& change, absl::Time deadline) {
  const Template& state = change.state;
  return RunInTransaction(
      pool_, {.name = "template.update", .deadline = deadline}, [&](pqxx::work& tx) {
        const std::optional<std::string> deleted = OptionalTimestamptz(state.delete_time);
        const pqxx::result updated = tx.exec_params(
            kUpdateTemplate, state.id, state.revision, state.display_name, state.description,
            state.latest_version, state.published_version, state.publication, state.built_in,
            ToTimestamptz(state.update_time), postgres::OrNull(deleted));
        if (updated.affected_rows() == 0) {
          return absl::AbortedError("the template was changed concurrently");
        }
        return InsertRows(change, tx);
      });
}

absl::StatusOr<std::optional<IdempotencyRecord>> PgTemplateStore::FindRecord(
    std::string_view request_id, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "template.find_record", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::optional<IdempotencyRecord>> {
        const pqxx::result rows = tx.exec_params(kFindRecord, std::string(request_id));
        if (rows.empty()) return std::nullopt;
        return IdempotencyRecord{.request_id = Text(rows[0]["request_id"]),
                                 .digest = rows[0]["digest"].as<std::int64_t>(),
                                 .template_id = Text(rows[0]["template_id"]),
                                 .create_time = postgres::Time(rows[0]["create_time"])};
      });
}

absl::StatusOr<int> PgTemplateStore::DeleteRecordsBefore(absl::Time before, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "template.delete_records", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<int> {
        return static_cast<int>(
            tx.exec_params(kDeleteRecords, ToTimestamptz(before)).affected_rows());
      });
}

}  // namespace lmsmail::templates
