// Asks a model that speaks OpenAI's API, with GNUstep's Foundation.
#import <Foundation/Foundation.h>

int main(void)
{
  @autoreleasepool {
    NSProcessInfo *process = [NSProcessInfo processInfo];
    NSArray *words = [process arguments];
    NSString *question = @"What is the capital of France?";
    if ([words count] > 1)
      question = [[words subarrayWithRange: NSMakeRange(1, [words count] - 1)] componentsJoinedByString: @" "];
    NSString *base = [[process environment] objectForKey: @"OPENAI_BASE_URL"];
    if (base == nil)
      base = @"http://127.0.0.1:11434/v1";

    NSDictionary *body = [NSDictionary dictionaryWithObjectsAndKeys:
      @"gpt-4o-mini", @"model",
      [NSArray arrayWithObject: [NSDictionary dictionaryWithObjectsAndKeys: @"user", @"role", question, @"content", nil]], @"messages",
      [NSNumber numberWithInt: 0], @"temperature",
      [NSNumber numberWithInt: 24], @"max_tokens", nil];
    NSURL *address = [NSURL URLWithString: [base stringByAppendingString: @"/chat/completions"]];
    NSMutableURLRequest *request = [NSMutableURLRequest requestWithURL: address];
    [request setHTTPMethod: @"POST"];
    [request setTimeoutInterval: 300];
    [request setValue: @"application/json" forHTTPHeaderField: @"Content-Type"];
    [request setHTTPBody: [NSJSONSerialization dataWithJSONObject: body options: 0 error: NULL]];

    NSHTTPURLResponse *reply = nil;
    NSError *problem = nil;
    NSData *data = [NSURLConnection sendSynchronousRequest: request returningResponse: &reply error: &problem];
    if (data == nil || [reply statusCode] != 200) {
      NSLog(@"no answer: %@ %@", reply, problem);
      return 1;
    }
    NSDictionary *answer = [NSJSONSerialization JSONObjectWithData: data options: 0 error: NULL];
    NSDictionary *choice = [[answer objectForKey: @"choices"] objectAtIndex: 0];
    NSString *text = [[choice objectForKey: @"message"] objectForKey: @"content"];
    printf("%s\n", [text UTF8String]);
  }
  return 0;
}
