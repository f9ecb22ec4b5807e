; Asks the model beside it from x86-64 assembly: nothing but the kernel's own calls.
        global  _start

SYS_READ equ 0
SYS_WRITE equ 1
SYS_SOCKET equ 41
SYS_CONNECT equ 42
SYS_EXIT equ 60

        section .data
address:                                ; struct sockaddr_in: 127.0.0.1:11434
        dw      2
        db      11434 >> 8, 11434 & 255
        db      127, 0, 0, 1
        dq      0

%define BODY '{"model":"smollm2","messages":[{"role":"user","content":"What is 2+2?"}],"temperature":0,"max_tokens":24}'
%strlen BODY_LENGTH BODY
%defstr BODY_DIGITS BODY_LENGTH

request:
        db      "POST /v1/chat/completions HTTP/1.0", 13, 10
        db      "Host: 127.0.0.1:11434", 13, 10
        db      "Content-Type: application/json", 13, 10
        db      "Content-Length: ", BODY_DIGITS, 13, 10, 13, 10
        db      BODY
request_length equ $ - request

mark:   db      '"content":'
mark_length equ $ - mark
newline: db     10
failed: db      "no answer", 10
failed_length equ $ - failed

        section .bss
reply:  resb    65536

        section .text
_start:
        mov     eax, SYS_SOCKET         ; r12: the socket
        mov     edi, 2
        mov     esi, 1
        xor     edx, edx
        syscall
        mov     r12, rax
        mov     eax, SYS_CONNECT
        mov     rdi, r12
        mov     rsi, address
        mov     edx, 16
        syscall
        test    rax, rax
        js      fail
        mov     eax, SYS_WRITE
        mov     rdi, r12
        mov     rsi, request
        mov     edx, request_length
        syscall

        mov     r13, reply              ; r13: where the next bytes go
.more:
        mov     edx, reply + 65535
        sub     rdx, r13
        xor     eax, eax
        mov     rdi, r12
        mov     rsi, r13
        syscall
        test    rax, rax
        jle     .all
        add     r13, rax
        jmp     .more

.all:                                   ; rbx: what is looked at
        mov     rbx, reply
.search:
        lea     rax, [rbx + mark_length]
        cmp     rax, r13
        jae     fail
        mov     rsi, rbx
        mov     rdi, mark
        mov     ecx, mark_length
        repe    cmpsb
        je      .found
        inc     rbx
        jmp     .search

.found:
        add     rbx, mark_length
.open:  inc     rbx                     ; up to the string's first character
        cmp     byte [rbx - 1], '"'
        jne     .open
.print:
        cmp     rbx, r13
        jae     .end
        cmp     byte [rbx], '"'
        je      .end
        cmp     byte [rbx], '\'
        jne     .plain
        inc     rbx
        cmp     byte [rbx], 'n'
        jne     .plain
        mov     byte [rbx], 10
.plain:
        mov     rsi, rbx
        mov     edx, 1
        call    print
        inc     rbx
        jmp     .print
.end:
        mov     rsi, newline
        mov     edx, 1
        call    print
        xor     edi, edi
        jmp     exit

fail:
        mov     eax, SYS_WRITE
        mov     edi, 2
        mov     rsi, failed
        mov     edx, failed_length
        syscall
        mov     edi, 1
exit:
        mov     eax, SYS_EXIT
        syscall

print:                                  ; rsi, rdx
        mov     eax, SYS_WRITE
        mov     edi, 1
        syscall
        ret
