#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace lmsmail::preference {

// A subquery with one row and the column `refused`: whether an address refuses a category, as
// PreferenceStore defines it. The arguments are SQL expressions.
inline std::string AddressConsent(std::string_view canonical, std::string_view hashes,
                                  std::string_view category) {
  return fmt::format(R"((
    SELECT coalesce(max(d.time) FILTER (WHERE NOT d.subscribed)
                    >= coalesce(max(d.time) FILTER (WHERE d.subscribed), '-infinity'),
                    false) AS refused
    FROM (SELECT o.subscribed, o.update_time AS time
          FROM recipient s JOIN preference o ON o.recipient_id = s.id AND o.category = {2}
          WHERE s.canonical_address = {0} AND o.update_time IS NOT NULL
          UNION ALL
          SELECT false, f.refuse_time FROM address_refusal f
          WHERE f.address_hash = ANY ({1}) AND f.category = {2}) d))",
                     canonical, hashes, category);
}

}  // namespace lmsmail::preference
