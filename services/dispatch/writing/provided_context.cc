#include "services/dispatch/writing/provided_context.h"

#include <memory>
#include <string_view>

namespace lmsmail::dispatch {
namespace {

using google::protobuf::Struct;

void Put(Struct& fields, const char* name, std::string_view value) {
  if (value.empty()) return;
  (*fields.mutable_fields())[name].set_string_value(std::string(value));
}

std::string_view FirstWord(std::string_view text) { return text.substr(0, text.find(' ')); }

}  // namespace

void AddProvided(const SiteIdentity& site, const Recipient& recipient, Struct& provided) {
  Put(provided, "site_name", site.name);
  Put(provided, "site_url", site.url);
  Put(provided, "postal_address", site.postal_address);
  Put(provided, "unsubscribe_url", recipient.unsubscribe_url);
  Put(provided, "preferences_url", recipient.preferences_url);
  Struct& user = *(*provided.mutable_fields())["user"].mutable_struct_value();
  Put(user, "first_name",
      recipient.given_name.empty() ? FirstWord(recipient.display_name) : recipient.given_name);
  Put(user, "full_name", recipient.display_name);
  Put(user, "email", recipient.email_address);
}

const Struct& EverythingProvided() {
  static const Struct& provided = *[] {
    auto all = std::make_unique<Struct>();
    AddProvided({.name = "-", .url = "https://-", .postal_address = "-", .domain = "-"},
                {.email_address = "-",
                 .display_name = "-",
                 .given_name = "-",
                 .language_code = "-",
                 .unsubscribe_url = "https://-",
                 .preferences_url = "https://-"},
                *all);
    return all.release();  // for as long as the program runs
  }();
  return provided;
}

}  // namespace lmsmail::dispatch
