#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "libs/postgres/migration.h"

namespace lmsmail::postgres {

// Whether the file's first line asks for no transaction.
bool RunsWithoutTransaction(const SqlFile& migration);

// The statements of such a file, without lines that are comments. A statement ends with a semicolon
// at the end of a line.
std::vector<std::string> StatementsOf(std::string_view sql);

// Whether the word CONCURRENTLY occurs in `statement`.
bool IsConcurrent(std::string_view statement);

// INVALID_ARGUMENT when a statement of a file without transaction could not be repeated.
absl::Status CheckRepeatable(const SqlFile& migration);

}  // namespace lmsmail::postgres
