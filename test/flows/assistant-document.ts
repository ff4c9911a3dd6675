// The examples of the personal assistant's document, letter by letter. What stands outside of onopen there is sent after open here.

export const REQUEST = `const response = await fetch ( '/api/voice-agent' , {
method: 'POST' ,
headers: {
'Content-Type' : 'application/json' ,
},
body: JSON . stringify ({
model: 'gpt-realtime-mini' ,
voice: 'ash'
})
});
const session = await response . json ();
console . log ( session );
`;

export const SOCKET = `const ws = new WebSocket ( session . client_secret . value );
ws . onopen = () => {
console . log ( 'Connected to voice agent' );
// Send audio or text messages
ws . send ( JSON . stringify ({
type: 'conversation.item.create' ,
item: {
type: 'message' ,
role: 'user' ,
content: [{
type: 'input_text' ,
text: 'Hello, who am I?'
}]
}
}));
};
ws . onmessage = ( event ) => {
const data = JSON . parse ( event . data );
console . log ( 'Received:' , data );
// Handle different event types:
// - conversation.item.created
// - response.audio.delta (audio chunks)
// - response.done
// - etc.
};
ws . onerror = ( error ) => {
console . error ( 'WebSocket error:' , error );
};
ws . onclose = () => {
console . log ( 'Disconnected from voice agent' );
};
`;

export const SENDS = `// Send PCM16 audio data
const audioData = new Int16Array ( buffer ); // Your audio buffer
const base64Audio = btoa ( String . fromCharCode ( ... new Uint8Array ( audioData . buffer )));
ws . send ( JSON . stringify ({
type: 'input_audio_buffer.append' ,
audio: base64Audio
}));
// Commit the audio buffer when user stops speaking
ws . send ( JSON . stringify ({
type: 'input_audio_buffer.commit'
}));
`;
