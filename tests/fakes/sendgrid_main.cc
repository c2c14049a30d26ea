#include <memory>
#include <utility>

#include "libs/lifecycle/shutdown_signal.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/sendgrid_api.h"
#include "tests/tool/tool_main.h"

// lmsmail-fake-sendgrid: SendGrid's API without delivery; see README.md.
namespace lmsmail::fakes {
namespace {

struct Options {
  FakeOptions fake;
  SendGridOptions sendgrid;
  bool keep_content = false;

  void Declare(config::Schema& schema) {
    fake.Declare(schema);
    schema.StringList("keys", &sendgrid.keys, "API keys that may send mail.");
    schema.StringList("read_only_keys", &sendgrid.read_only_keys, "API keys that may not.");
    schema.StringList("sender_domains", &sendgrid.sender_domains,
                      "Verified domains of senders; empty for any.");
    schema.StringList("refused_recipients", &sendgrid.refused_recipients,
                      "Addresses that every mail is refused for, as if they were invalid.");
    schema.String("id_argument", &sendgrid.id_argument,
                  "Custom argument that the ledger gives as the id of a mail.");
    schema.Bool("keep_content", &keep_content, "Write text and HTML into the ledger.");
    schema.Int32("rate", &sendgrid.rate, "Requests to send mail a second.", {1, 1'000'000});
  }
};

absl::Status Run(const Options& options) {
  SendGridOptions sendgrid = options.sendgrid;
  sendgrid.detail = DetailFor(options.fake, options.keep_content);
  return RunFake(options.fake, std::make_unique<SendGridApi>(std::move(sendgrid)));
}

}  // namespace
}  // namespace lmsmail::fakes

int main(int argc, char** argv) {
  lmsmail::lifecycle::BlockShutdownSignals();
  return lmsmail::ToolMain("fake-sendgrid", argc, argv, lmsmail::fakes::Run);
}
