#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/status/error_details.h"

// Pagination by keyset (https://google.aip.dev/158): a token holds the sort columns of the last row
// given out, and only fits the query that it was given out for.
namespace lmsmail::rpc {

// All that decides which rows a list has and in which order: {parent, filter, order_by}. The page
// size is not part of it.
using PageQuery = std::vector<std::string_view>;
// Values of the sort columns of the last row, UTF-8; empty for the first page.
using PageCursor = std::vector<std::string>;

// Opaque and URL-safe; empty (there is no next page) for an empty cursor.
std::string MakePageToken(const PageQuery& query, const PageCursor& last_row);

// INVALID_ARGUMENT on field page_token when it is garbage or was made for another query.
absl::StatusOr<PageCursor> ParsePageToken(const PageQuery& query, std::string_view token);

struct PageSizes {
  int default_size = 50;
  int max_size = 1000;
};

// 0 means the standard size, more than the most means the most; negative is a violation.
int PageSize(int requested, const PageSizes& sizes, Violations& violations);

}  // namespace lmsmail::rpc
