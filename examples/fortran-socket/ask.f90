! Asks a model that speaks OpenAI's API: Fortran over the C library's sockets, nothing else.
module posix
  use, intrinsic :: iso_c_binding
  implicit none
  interface
    integer(c_int) function socket(domain, kind, protocol) bind(c)
      import :: c_int
      integer(c_int), value :: domain, kind, protocol
    end function
    integer(c_int) function connect(fd, address, length) bind(c)
      import :: c_int, c_signed_char
      integer(c_int), value :: fd, length
      integer(c_signed_char), intent(in) :: address(*)
    end function
    integer(c_size_t) function write(fd, buffer, count) bind(c)
      import :: c_int, c_size_t, c_char
      integer(c_int), value :: fd
      character(kind=c_char), intent(in) :: buffer(*)
      integer(c_size_t), value :: count
    end function
    integer(c_size_t) function read(fd, buffer, count) bind(c)
      import :: c_int, c_size_t, c_char
      integer(c_int), value :: fd
      character(kind=c_char), intent(out) :: buffer(*)
      integer(c_size_t), value :: count
    end function
  end interface
end module

program ask
  use posix
  implicit none
  character(:), allocatable :: question, base, host, body, reply
  integer :: port, status

  question = arguments()
  base = environment('OPENAI_BASE_URL', 'http://127.0.0.1:11434/v1')
  call split(base, host, port)
  body = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"' // escaped(question) // &
         '"}],"temperature":0,"max_tokens":24}'
  reply = post(port, 'POST /v1/chat/completions HTTP/1.0' // crlf() // 'Host: ' // host // crlf() // &
         'Content-Type: application/json' // crlf() // 'Content-Length: ' // number(len(body)) // crlf() // &
         'Connection: close' // crlf() // crlf() // body)
  read (reply(10:12), *) status
  if (status /= 200) then
    print '(a)', 'no answer: ' // reply
    error stop 1
  end if
  print '(a)', content(reply)

contains

  function arguments() result(text)
    character(:), allocatable :: text
    character(4096) :: word
    integer :: i
    text = ''
    do i = 1, command_argument_count()
      call get_command_argument(i, word)
      text = trim(text // ' ' // trim(word))
    end do
    text = adjustl(text)
    if (text == '') text = 'What is the capital of France?'
  end function

  function environment(name, default) result(text)
    character(*), intent(in) :: name, default
    character(:), allocatable :: text
    integer :: length
    call get_environment_variable(name, length=length)
    if (length == 0) then
      text = default
    else
      allocate (character(length) :: text)
      call get_environment_variable(name, text)
    end if
  end function

  !> http://127.0.0.1:11434/v1 -> host and port; only an address in numbers is understood.
  subroutine split(base, host, port)
    character(*), intent(in) :: base
    character(:), allocatable, intent(out) :: host
    integer, intent(out) :: port
    integer :: colon, slash
    host = base(index(base, '://') + 3:)
    slash = index(host // '/', '/')
    host = host(:slash - 1)
    colon = index(host, ':')
    port = 80
    if (colon > 0) read (host(colon + 1:), *) port
  end subroutine

  function post(port, request) result(reply)
    integer, intent(in) :: port
    character(*), intent(in) :: request
    character(:), allocatable :: reply
    character(kind=c_char) :: buffer(4096)
    integer(c_signed_char) :: address(16)
    integer(c_int) :: fd
    integer(c_size_t) :: count
    address = 0_c_signed_char
    address(1) = 2_c_signed_char                       ! AF_INET
    address(3) = byte(port / 256)                      ! network order
    address(4) = byte(mod(port, 256))
    address(5:8) = int([127, 0, 0, 1], c_signed_char)
    fd = socket(2, 1, 0)
    if (connect(fd, address, 16) /= 0) error stop 'nothing listens there'
    count = write(fd, request, int(len(request), c_size_t))
    reply = ''
    do
      count = read(fd, buffer, int(size(buffer), c_size_t))
      if (count <= 0) exit
      reply = reply // transfer(buffer(:count), repeat(' ', int(count)))
    end do
  end function

  integer(c_signed_char) function byte(n)
    integer, intent(in) :: n
    byte = int(merge(n - 256, n, n > 127), c_signed_char)
  end function

  !> The first string called content, unescaped.
  function content(json) result(text)
    character(*), intent(in) :: json
    character(:), allocatable :: text
    integer :: i
    text = ''
    i = index(json, '"content":') + 10
    i = i + index(json(i:), '"')
    do while (json(i:i) /= '"')
      if (json(i:i) == '\') then
        i = i + 1
        select case (json(i:i))
        case ('n'); text = text // new_line('a')
        case ('t'); text = text // achar(9)
        case default; text = text // json(i:i)
        end select
      else
        text = text // json(i:i)
      end if
      i = i + 1
    end do
  end function

  function escaped(text) result(json)
    character(*), intent(in) :: text
    character(:), allocatable :: json
    integer :: i
    json = ''
    do i = 1, len(text)
      if (text(i:i) == '"' .or. text(i:i) == '\') json = json // '\'
      json = json // text(i:i)
    end do
  end function

  function number(n) result(text)
    integer, intent(in) :: n
    character(:), allocatable :: text
    character(12) :: digits
    write (digits, '(i0)') n
    text = trim(digits)
  end function

  function crlf()
    character(2) :: crlf
    crlf = achar(13) // achar(10)
  end function

end program
