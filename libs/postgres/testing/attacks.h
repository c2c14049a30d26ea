#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::postgres {

// Tries, with the role of `dsn`, what only the owner of `schema` may do: to change and drop each
// table, to disable its triggers, to empty it, to create objects, and to change or delete rows of
// the tables in `append_only`. Returns the statements that were not refused for lack of rights;
// nothing that they did lasts.
std::vector<std::string> AttacksThatSucceed(const std::string& dsn, std::string_view schema,
                                            const std::vector<std::string>& append_only);

}  // namespace lmsmail::postgres
