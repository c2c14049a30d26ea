#include "libs/postgres/migration_statements.h"

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

#include "libs/strings/view.h"

namespace lmsmail::postgres {
namespace {

constexpr std::string_view kMarker = "-- lmsmail: no transaction\n";

std::string Upper(std::string_view text) { return absl::AsciiStrToUpper(ToAbsl(text)); }

}  // namespace

bool RunsWithoutTransaction(const SqlFile& migration) { return migration.sql.starts_with(kMarker); }

std::vector<std::string> StatementsOf(std::string_view sql) {
  std::vector<std::string> statements;
  std::string statement;
  for (const auto part : absl::StrSplit(ToAbsl(sql), '\n')) {
    const std::string_view line = ToStd(absl::StripAsciiWhitespace(part));
    if (line.empty() || line.starts_with("--")) continue;
    statement.append(statement.empty() ? "" : "\n").append(line);
    if (!line.ends_with(';')) continue;
    statements.push_back(std::move(statement));
    statement.clear();
  }
  if (!statement.empty()) statements.push_back(std::move(statement));
  return statements;
}

bool IsConcurrent(std::string_view statement) {
  return Upper(statement).find("CONCURRENTLY") != std::string::npos;
}

absl::Status CheckRepeatable(const SqlFile& migration) {
  if (!RunsWithoutTransaction(migration)) return absl::OkStatus();
  for (const std::string& statement : StatementsOf(migration.sql)) {
    const std::string upper = Upper(statement);
    if (upper.starts_with("CREATE") && upper.find("IF NOT EXISTS") == std::string::npos) {
      return absl::InvalidArgumentError(
          fmt::format("migration {} runs without a transaction and must be repeatable: use "
                      "CREATE ... IF NOT EXISTS",
                      migration.name));
    }
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::postgres
