      *> Asks a model that speaks OpenAI's API: COBOL that calls libcurl.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. ask.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01 CURL             USAGE POINTER.
       01 HEADERS          USAGE POINTER VALUE NULL.
       01 REPLY-FILE       USAGE POINTER.
       01 OUTCOME          BINARY-LONG.
       01 BASE             PIC X(256).
       01 ADDRESS-TEXT     PIC X(300).
       01 QUESTION         PIC X(1000).
       01 BODY             PIC X(2000).
       01 CALLBACK         USAGE PROGRAM-POINTER.
       01 OPT-URL          BINARY-LONG VALUE 10002.
       01 OPT-FIELDS       BINARY-LONG VALUE 10015.
       01 OPT-HEADERS      BINARY-LONG VALUE 10023.
       01 OPT-WRITE        BINARY-LONG VALUE 20011.
       01 REPLY            PIC X(20000) EXTERNAL.
       01 REPLY-LENGTH     BINARY-LONG EXTERNAL.
       01 START-AT         BINARY-LONG.
       01 I                BINARY-LONG.
       01 DONE             PIC 9 VALUE 0.
       PROCEDURE DIVISION.
           ACCEPT QUESTION FROM COMMAND-LINE.
           IF QUESTION = SPACES
               MOVE "What is the capital of France?" TO QUESTION
           END-IF.
           ACCEPT BASE FROM ENVIRONMENT "OPENAI_BASE_URL"
               ON EXCEPTION MOVE "http://127.0.0.1:11434/v1" TO BASE
           END-ACCEPT.
           STRING FUNCTION TRIM(BASE) "/chat/completions" X"00"
               DELIMITED BY SIZE INTO ADDRESS-TEXT.
           STRING '{"model":"gpt-4o-mini","messages":[{"role":"user",'
               '"content":"' FUNCTION TRIM(QUESTION)
               '"}],"temperature":0,"max_tokens":24}' X"00"
               DELIMITED BY SIZE INTO BODY.
           MOVE 0 TO REPLY-LENGTH.

           CALL STATIC "curl_easy_init" RETURNING CURL.
           CALL STATIC "curl_slist_append" USING
               BY VALUE HEADERS
               BY REFERENCE Z"Content-Type: application/json"
               RETURNING HEADERS.
           SET CALLBACK TO ENTRY "received".
           CALL STATIC "curl_easy_setopt" USING BY VALUE CURL
               BY VALUE OPT-URL BY REFERENCE ADDRESS-TEXT.
           CALL STATIC "curl_easy_setopt" USING BY VALUE CURL
               BY VALUE OPT-FIELDS BY REFERENCE BODY.
           CALL STATIC "curl_easy_setopt" USING BY VALUE CURL
               BY VALUE OPT-HEADERS BY VALUE HEADERS.
           CALL STATIC "curl_easy_setopt" USING BY VALUE CURL
               BY VALUE OPT-WRITE BY VALUE CALLBACK.
           CALL STATIC "curl_easy_perform" USING BY VALUE CURL
               RETURNING OUTCOME.
           IF OUTCOME NOT = 0
               DISPLAY "no answer: curl " OUTCOME UPON SYSERR
               MOVE 1 TO RETURN-CODE
               STOP RUN
           END-IF.
           PERFORM SHOW-ANSWER.
           STOP RUN.

      *> The first string called content, unescaped.
       SHOW-ANSWER.
           MOVE 0 TO START-AT.
           INSPECT REPLY(1:REPLY-LENGTH) TALLYING START-AT
               FOR CHARACTERS BEFORE INITIAL '"content":'.
           IF START-AT = REPLY-LENGTH
               DISPLAY REPLY(1:REPLY-LENGTH) UPON SYSERR
               MOVE 1 TO RETURN-CODE
               STOP RUN
           END-IF.
           COMPUTE I = START-AT + 11.
           PERFORM UNTIL REPLY(I:1) = '"'
               ADD 1 TO I
           END-PERFORM.
           ADD 1 TO I.
           PERFORM UNTIL REPLY(I:1) = '"'
               EVALUATE TRUE
                   WHEN REPLY(I:2) = "\n"
                       DISPLAY X"0A" WITH NO ADVANCING
                       ADD 2 TO I
                   WHEN REPLY(I:1) = "\"
                       DISPLAY REPLY(I + 1:1) WITH NO ADVANCING
                       ADD 2 TO I
                   WHEN OTHER
                       DISPLAY REPLY(I:1) WITH NO ADVANCING
                       ADD 1 TO I
               END-EVALUATE
           END-PERFORM.
           DISPLAY SPACE.
       END PROGRAM ask.

      *> libcurl calls it with each piece of the reply.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. received.
       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01 REPLY            PIC X(20000) EXTERNAL.
       01 REPLY-LENGTH     BINARY-LONG EXTERNAL.
       01 AMOUNT           BINARY-LONG.
       LINKAGE SECTION.
       01 PIECE            PIC X(20000).
       01 SIZE-OF-ONE      BINARY-DOUBLE UNSIGNED.
       01 HOW-MANY         BINARY-DOUBLE UNSIGNED.
       01 USER-DATA        USAGE POINTER.
       PROCEDURE DIVISION USING BY REFERENCE PIECE
           BY VALUE SIZE-OF-ONE BY VALUE HOW-MANY
           BY VALUE USER-DATA.
           COMPUTE AMOUNT = SIZE-OF-ONE * HOW-MANY.
           MOVE PIECE(1:AMOUNT) TO REPLY(REPLY-LENGTH + 1:AMOUNT).
           ADD AMOUNT TO REPLY-LENGTH.
           MOVE AMOUNT TO RETURN-CODE.
           GOBACK.
       END PROGRAM received.
