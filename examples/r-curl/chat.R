#!/usr/bin/env Rscript
# Asks the model beside it with curl and jsonlite, and prints the answer as it comes.
library(curl)
library(jsonlite)

question <- c(commandArgs(trailingOnly = TRUE), "What is 2+2?")[1]
body <- toJSON(list(model = "smollm2", stream = TRUE, max_tokens = 48, temperature = 0,
                    messages = list(list(role = "user", content = question))), auto_unbox = TRUE)
handle <- new_handle(postfields = body)
handle_setheaders(handle, "Content-Type" = "application/json",
                  "Authorization" = paste("Bearer", Sys.getenv("OPENAI_API_KEY")))
answer <- curl(paste0(Sys.getenv("OPENAI_BASE_URL"), "/chat/completions"), open = "rb", handle = handle)
while (length(line <- readLines(answer, n = 1, warn = FALSE)) > 0) {
  if (startsWith(line, "data: {")) {
    piece <- fromJSON(sub("^data: ", "", line), simplifyVector = FALSE)$choices[[1]]$delta$content
    if (!is.null(piece)) cat(piece)
  }
}
close(answer)
cat("\n")
