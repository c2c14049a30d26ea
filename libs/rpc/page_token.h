#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/status/error_details.h"

// Keyset pagination (https://google.aip.dev/158): a token holds the sort columns of the last row of
// a page and is valid only for the query that it was created for.
namespace lmsmail::rpc {

// Sets the key that signs tokens, which callers must not be able to make themselves. The same for
// all replicas, so that each accepts the tokens of the others. For the whole process; empty at
// first.
void SetPageTokenKey(std::string key);

// Everything that determines which rows a list has and their order: {parent, filter, order_by}. The
// page size is not part of it.
using PageQuery = std::vector<std::string_view>;
// The sort columns of the last row, UTF-8; empty for the first page.
using PageCursor = std::vector<std::string>;

// Opaque and URL-safe. Empty, which means that there is no next page, for an empty cursor.
std::string MakePageToken(const PageQuery& query, const PageCursor& last_row);

// INVALID_ARGUMENT on the field page_token for a token that is malformed, forged or of another
// query.
absl::StatusOr<PageCursor> ParsePageToken(const PageQuery& query, std::string_view token);

struct PageSizes {
  int default_size = 50;
  int max_size = 1000;
};

// 0 means the default size; a size above the maximum means the maximum; negative is a violation.
int PageSize(int requested, const PageSizes& sizes, Violations& violations);

}  // namespace lmsmail::rpc
