#include "deploy/smoke/options.h"

namespace lmsmail::smoke {

void Options::Declare(config::Schema& schema) {
  schema.String("recipient", &recipient, "Address that the mail is sent to.");
  schema.Duration("timeout", &timeout,
                  "How long the services may take to be reached, and the mail to leave.",
                  {absl::Seconds(1), absl::Hours(1)});
  schema.Bool("install_templates", &install_templates,
              "Whether the built-in templates are installed first.");
  schema.Bool("insecure", &insecure, "Whether the services may be on other machines without TLS.");
  templates.Declare(schema.Sub("template"));
  dispatch.Declare(schema.Sub("dispatch"));
  schema.Check([this](Violations& violations) {
    if (recipient.find('@') == std::string::npos) {
      violations.Add("recipient", "is required: an address of yours, such as you@school.example");
    }
    templates.Check("template", insecure, violations);
    dispatch.Check("dispatch", insecure, violations);
  });
}

}  // namespace lmsmail::smoke
