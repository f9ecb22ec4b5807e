{ Asks the model beside it with Free Pascal's own HTTP client. }
program Chat;

{$mode objfpc}{$H+}

uses
  Classes, SysUtils, fphttpclient, fpjson, jsonparser;

var
  Client: TFPHTTPClient;
  Question, Answer: string;
  Asked, Reply: TJSONData;
begin
  Question := 'What is 2+2?';
  if ParamCount > 0 then
    Question := ParamStr(1);
  Asked := CreateJSONObject([
    'model', 'smollm2', 'max_tokens', 48, 'temperature', 0,
    'messages', CreateJSONArray([CreateJSONObject(['role', 'user', 'content', Question])])]);
  Client := TFPHTTPClient.Create(nil);
  try
    Client.AddHeader('Content-Type', 'application/json');
    Client.AddHeader('Authorization', 'Bearer ' + GetEnvironmentVariable('OPENAI_API_KEY'));
    Client.RequestBody := TStringStream.Create(Asked.AsJSON);
    Answer := Client.Post(GetEnvironmentVariable('OPENAI_BASE_URL') + '/chat/completions');
    Reply := GetJSON(Answer);
    WriteLn(Reply.FindPath('choices[0].message.content').AsString);
  finally
    Client.Free;
  end;
end.
