import groovy.json.JsonOutput
import groovy.json.JsonSlurper

// Asks the model beside it: a script, java.net and groovy-json.
def question = args ? args.join(' ') : 'What is 2+2?'
def connection = new URL(System.getenv('OPENAI_BASE_URL') + '/chat/completions').openConnection()
connection.doOutput = true
connection.setRequestProperty('Content-Type', 'application/json')
connection.outputStream.withWriter('UTF-8') {
    it << JsonOutput.toJson([model: 'smollm2', temperature: 0, max_tokens: 40,
                             messages: [[role: 'user', content: question]]])
}
println new JsonSlurper().parse(connection.inputStream).choices[0].message.content
