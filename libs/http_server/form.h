#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/http_server/message.h"

// The bodies that HTML forms and mail programs send. All errors are INVALID_ARGUMENT and repeat
// nothing of the input.
namespace lmsmail::http_server {

struct FormField {
  std::string name;
  std::string value;
  std::string filename = {};      // multipart only
  std::string content_type = {};  // multipart only; empty if the part has none
  bool has_filename = false;

  bool operator==(const FormField&) const = default;
};
using Form = std::vector<FormField>;

// Values of application/x-www-form-urlencoded, which is also the form of a query. An error for bad
// percent-encoding or more than `max_fields`.
absl::StatusOr<Form> ParseUrlEncoded(std::string_view text, size_t max_fields = 1'000);

// multipart/form-data (RFC 7578). An error for anything that is not exactly that.
absl::StatusOr<Form> ParseMultipart(std::string_view body, std::string_view boundary,
                                    size_t max_fields = 1'000);

// The body by its Content-Type: one of the two above; UNIMPLEMENTED for any other type.
absl::StatusOr<Form> ParseForm(const Request& request, size_t max_fields = 1'000);

// The value of the first field of that name; null if there is none.
const std::string* FindField(const Form& form, std::string_view name);

}  // namespace lmsmail::http_server
