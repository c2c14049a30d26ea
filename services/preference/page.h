#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "libs/rpc/page_token.h"

namespace lmsmail::preference {

inline constexpr rpc::PageSizes kPageSizes = {.standard = 100, .most = 1000};

// Lists are read with one row more than the page holds. Drops that row; true when it was there.
template <typename Row>
bool CutToPage(std::vector<Row>& rows, int page_size) {
  const bool more = rows.size() > static_cast<std::size_t>(page_size);
  if (more) rows.resize(static_cast<std::size_t>(page_size));
  return more;
}

}  // namespace lmsmail::preference
