#include <memory>
#include <utility>

#include "libs/lifecycle/shutdown_signal.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/mailgun_api.h"
#include "tests/tool/tool_main.h"

// lmsmail-fake-mailgun: Mailgun's API without delivery; see README.md.
namespace lmsmail::fakes {
namespace {

struct Options {
  FakeOptions fake;
  MailgunOptions mailgun;
  bool keep_content = false;

  void Declare(config::Schema& schema) {
    fake.Declare(schema);
    schema.StringList("keys", &mailgun.keys, "API keys.");
    schema.StringList("domains", &mailgun.domains, "Sending domains of this region.");
    schema.StringList("refused_recipients", &mailgun.refused_recipients,
                      "Addresses that every mail is refused for, as if they were invalid.");
    schema.String("id_variable", &mailgun.id_variable,
                  "Name of the v: parameter that the ledger gives as the id of a mail.");
    schema.Bool("keep_content", &keep_content, "Write the content into the ledger.");
    schema.Int32("rate", &mailgun.rate, "Requests to send mail a second.", {1, 1'000'000});
  }
};

absl::Status Run(const Options& options) {
  MailgunOptions mailgun = options.mailgun;
  mailgun.detail = DetailFor(options.fake, options.keep_content);
  return RunFake(options.fake, std::make_unique<MailgunApi>(std::move(mailgun)));
}

}  // namespace
}  // namespace lmsmail::fakes

int main(int argc, char** argv) {
  lmsmail::lifecycle::BlockShutdownSignals();
  return lmsmail::ToolMain("fake-mailgun", argc, argv, lmsmail::fakes::Run);
}
