#include "tests/chaos/sink.h"

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "libs/status/status_macros.h"

namespace lmsmail::chaos {

absl::StatusOr<std::unique_ptr<Sink>> Sink::Start(const std::filesystem::path& folder) {
  std::filesystem::path ledger = folder / "ledger";
  LMSMAIL_ASSIGN_OR_RETURN(
      integration::Process process,
      integration::Process::Start({LMSMAIL_BINARIES "/lmsmail-sink", "--ledger=" + ledger.string()},
                                  folder / "sink.log"));
  LMSMAIL_ASSIGN_OR_RETURN(const std::string line, process.WaitForLine("\"control_port\""));
  LMSMAIL_ASSIGN_OR_RETURN(const int port, integration::NumberIn(line, "port"));
  LMSMAIL_ASSIGN_OR_RETURN(const int control_port, integration::NumberIn(line, "control_port"));
  return std::unique_ptr<Sink>(new Sink(std::move(process), std::move(ledger),
                                        static_cast<std::uint16_t>(port),
                                        static_cast<std::uint16_t>(control_port)));
}

Sink::Sink(integration::Process process, std::filesystem::path ledger, std::uint16_t port,
           std::uint16_t control_port)
    : process_(std::move(process)),
      ledger_(std::move(ledger)),
      port_(port),
      control_port_(control_port) {}

// Changes the server.
// NOLINTNEXTLINE(readability-make-member-function-const)
absl::StatusOr<std::string> Sink::Command(std::string_view command) {
  boost::asio::ip::tcp::iostream stream("127.0.0.1", std::to_string(control_port_));
  stream << command << '\n' << std::flush;
  std::string response;
  if (!std::getline(stream, response)) return absl::InternalError("the sink does not respond");
  if (response.find("\"error\"") != std::string::npos) {
    return absl::InvalidArgumentError(response);
  }
  return response;
}

absl::Status Sink::AddFault(std::string_view rule) {
  return Command(fmt::format("fault {}", rule)).status();
}

absl::Status Sink::ClearFaults() { return Command("faults off").status(); }

absl::StatusOr<std::int64_t> Sink::Count(std::string_view counter) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string stats, Command("stats"));
  return integration::NumberIn(stats, counter);
}

absl::StatusOr<std::vector<Received>> Sink::Ledger() const {
  std::vector<Received> mails;
  std::ifstream file(ledger_);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::int64_t micros = 0;
    std::string reply;
    Received mail;
    if (!(words >> micros >> reply >> mail.message_id >> mail.recipient)) {
      return absl::InternalError(
          fmt::format("malformed line in the ledger of the sink: \"{}\"", line));
    }
    mail.time = absl::FromUnixMicros(micros);
    mail.answered = reply == "250";
    mails.push_back(std::move(mail));
  }
  return mails;
}

}  // namespace lmsmail::chaos
