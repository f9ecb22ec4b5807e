--  Asks a model that speaks OpenAI's API and prints the answer as it comes, with GNAT's sockets.
with Ada.Command_Line;
with Ada.Environment_Variables;
with Ada.IO_Exceptions;
with Ada.Strings.Fixed;
with Ada.Strings.Unbounded; use Ada.Strings.Unbounded;
with Ada.Text_IO;
with Ada.Text_IO.Text_Streams;
with GNAT.Sockets;          use GNAT.Sockets;

procedure Ask is
   CRLF : constant String := (1 => ASCII.CR, 2 => ASCII.LF);

   function Question return String is
      Text : Unbounded_String;
   begin
      for I in 1 .. Ada.Command_Line.Argument_Count loop
         Append (Text, (if I = 1 then "" else " ") & Ada.Command_Line.Argument (I));
      end loop;
      return (if Length (Text) = 0 then "What is the capital of France?" else To_String (Text));
   end Question;

   function Escaped (Text : String) return String is
      Json : Unbounded_String;
   begin
      for C of Text loop
         if C in '"' | '\' then
            Append (Json, '\');
         end if;
         Append (Json, C);
      end loop;
      return To_String (Json);
   end Escaped;

   --  http://127.0.0.1:11434/v1 -> 127.0.0.1:11434
   function Address return String is
      Base  : constant String := Ada.Environment_Variables.Value
        ("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1");
      First : constant Positive := Ada.Strings.Fixed.Index (Base, "://") + 3;
      Slash : constant Natural := Ada.Strings.Fixed.Index (Base & "/", "/", First);
   begin
      return Base (First .. Slash - 1);
   end Address;

   --  Prints what one event of the stream adds: the string after "content":
   procedure Show (Event : String) is
      Mark : constant String := """content"":";
      I    : Natural := Ada.Strings.Fixed.Index (Event, Mark);
      Out_Stream : constant Ada.Text_IO.Text_Streams.Stream_Access :=
        Ada.Text_IO.Text_Streams.Stream (Ada.Text_IO.Standard_Output);
   begin
      if I = 0 then
         return;
      end if;
      I := Ada.Strings.Fixed.Index (Event, """", I + Mark'Length) + 1;
      while Event (I) /= '"' loop
         if Event (I) = '\' then
            I := I + 1;
            Character'Write (Out_Stream, (if Event (I) = 'n' then ASCII.LF else Event (I)));
         else
            Character'Write (Out_Stream, Event (I));
         end if;
         I := I + 1;
      end loop;
      Ada.Text_IO.Flush;
   end Show;

   Content : constant String :=
     "{""model"":""gpt-4o-mini"",""messages"":[{""role"":""user"",""content"":""" & Escaped (Question)
     & """}],""temperature"":0,""max_tokens"":24,""stream"":true}";
   Head    : constant String :=
     "POST /v1/chat/completions HTTP/1.0" & CRLF & "Host: " & Address & CRLF
     & "Content-Type: application/json" & CRLF & "Content-Length:" & Content'Length'Image & CRLF & CRLF;
   Colon   : constant Natural := Ada.Strings.Fixed.Index (Address, ":");
   Server  : Socket_Type;
   Channel : Stream_Access;
   Line    : Unbounded_String;
   C       : Character;
begin
   Create_Socket (Server);
   Connect_Socket
     (Server,
      (Family => Family_Inet,
       Addr   => Inet_Addr (Address (Address'First .. Colon - 1)),
       Port   => Port_Type'Value (Address (Colon + 1 .. Address'Last))));
   Channel := Stream (Server);
   String'Write (Channel, Head & Content);
   loop
      Character'Read (Channel, C);
      if C = ASCII.LF then
         Show (To_String (Line));
         Line := Null_Unbounded_String;
      else
         Append (Line, C);
      end if;
   end loop;
exception
   when Ada.IO_Exceptions.End_Error =>
      Ada.Text_IO.New_Line;
end Ask;
