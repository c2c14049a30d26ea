# cmake -DREPORTS=folder -P NoReports.cmake
# Shows what sanitizers have reported into a folder; fails if that is anything.
file(GLOB reports ${REPORTS}/*)
foreach(report IN LISTS reports)
  file(READ ${report} text)
  message("--- ${report}\n${text}")
endforeach()
list(LENGTH reports count)
if(count)
  message(FATAL_ERROR "${count} processes have something to report")
endif()
